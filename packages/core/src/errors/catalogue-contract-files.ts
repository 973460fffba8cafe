// Error codes about contracts in the files of other systems: Open Data Contracts, JSON Schema, Avro, Zod, dbt. Part of catalogue.ts.
import type { CatalogueEntry } from "./catalogue-entry.ts";

export const contractFileCodes = {
  "contract-file-invalid": {
    kind: "user",
    summary: "A contract file of another system cannot be read.",
    solve: "Correct the file and line that the message names; nothing was written.",
  },
  "contract-unknown": {
    kind: "user",
    status: 404,
    summary: "The project has no contract of this name.",
    solve: "Name the table as domain.table; the message lists those that there are.",
  },
  "file-exists": {
    kind: "user",
    status: 409,
    summary: "The file that would be written is there already, with other content.",
    solve: "Choose another file, or say --force to replace it; nothing was written.",
  },
} satisfies Readonly<Record<string, CatalogueEntry>>;
