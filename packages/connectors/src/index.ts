// Public surface of @millrace/connectors: brings pages and files in, delivers rows out.
export {};
