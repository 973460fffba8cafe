// POST /ingest/inventory.movements
import { events } from "millrace";
import { Movement } from "./contracts.ts";

export const movements = events({ into: Movement });
