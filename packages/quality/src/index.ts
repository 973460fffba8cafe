// Public surface of @millrace/quality: decides whether rows may pass.
export {};
