// Public surface of @millrace/store-local: embedded stores of Millrace on SQLite, files and memory.
export {};
