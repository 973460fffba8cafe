// Public surface of @millrace/runtime: loads batches and runs plans.
export {};
