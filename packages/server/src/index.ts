// Public surface of @millrace/server: ingress and gateway of Millrace over HTTP.
export {};
