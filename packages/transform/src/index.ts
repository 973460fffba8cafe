// Public surface of @millrace/transform: turns SQL models into a plan, then into steps.
export {};
