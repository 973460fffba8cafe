// Writes the two sets that the membership office works with: everyone accepted so far, and everyone refused with the reasons. Whole files, swapped in.
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { OpenedPlatform } from "millrace/embed";

type Rows = readonly (readonly unknown[])[];

export interface Consolidated {
  readonly successful: { readonly path: string; readonly rows: number };
  readonly unsuccessful: { readonly path: string; readonly rows: number };
}

const accepted = ["first_name", "last_name", "birthday", "above_18", "membership_id", "email", "mobile_no"];
const refused = ["name", "email", "date_of_birth", "mobile_no"];

/** `<folder>/successful/applications.csv` and `<folder>/unsuccessful/applications.csv`. */
export async function consolidate(
  { platform: { warehouse } }: Pick<OpenedPlatform, "platform">,
  folder: string,
): Promise<Consolidated> {
  const good = await warehouse.query(
    `SELECT ${accepted.join(", ")} FROM members.successful ORDER BY last_name, first_name, membership_id, email`,
  );
  const fields = refused.map((field) => `json_extract_string(coalesce(repaired, original), '$.${field}')`);
  const bad = await warehouse.query(
    `SELECT ${fields.join(", ")}, array_to_string(codes, ' ') FROM millrace.quarantine
      WHERE domain = 'members' AND table_name = 'applications' AND state IN ('open', 'held') ORDER BY batch, row_no`,
  );
  return {
    successful: await write(join(folder, "successful"), accepted, good.rows),
    unsuccessful: await write(join(folder, "unsuccessful"), [...refused, "reasons"], bad.rows),
  };
}

async function write(folder: string, columns: readonly string[], rows: Rows): Promise<{ path: string; rows: number }> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, "applications.csv");
  const lines = [columns, ...rows].map((row) => `${row.map(cell).join(",")}\n`);
  await writeFile(`${path}.part`, lines.join(""));
  await rename(`${path}.part`, path);
  return { path, rows: rows.length };
}

function cell(value: unknown): string {
  const text = value === null || value === undefined ? "" : String(value as string | boolean);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
