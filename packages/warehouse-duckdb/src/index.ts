// Public surface of @millrace/warehouse-duckdb: the embedded warehouse.
export { openDuckDbWarehouse, type DuckDbWarehouseOptions } from "./open-warehouse.ts";
export { engineType } from "./engine/engine-types.ts";
