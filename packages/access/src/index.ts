// Public surface of @millrace/access: identity, grants, row policies and masks.
export {};
