// Public surface of @millrace/warehouse-duckdb: embedded warehouse of Millrace on DuckDB.
export {};
