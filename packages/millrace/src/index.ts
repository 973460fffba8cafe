// Public surface of millrace: data-integration platform as one TypeScript project.
export {};
