// Quarantine holds each bad row once, and at the end exactly those that were sent.
import { duplicated, lost, type Finding } from "./finding.ts";
import { sqlName, type Moment, type Query, type TableTruth } from "./table-truth.ts";

/** The name that every bad row carries in its original, whatever the format. */
const idPattern = "[a-z]+-[0-9]+:[0-9]+";

export async function checkQuarantine(query: Query, table: TableTruth, moment: Moment): Promise<readonly Finding[]> {
  const found = await query(
    `SELECT regexp_extract(original, '${idPattern}') AS id, state, count(*) FROM millrace.quarantine
     WHERE domain = '${table.domain}' AND table_name = '${table.name}' AND state IN ('open', 'held') GROUP BY id, state`,
  );
  const findings: Finding[] = [];
  const expected = table.openBad();
  const open = new Set<string>();
  for (const [idValue, state, times] of found) {
    const where = `${String(idValue)} in the quarantine of ${sqlName(table)}`;
    if (Number(times) > 1)
      findings.push(duplicated(Number(times) - 1, `${where}: ${String(times)} times ${String(state)}`));
    if (state === "open") open.add(String(idValue));
    else if (moment === "end") findings.push(lost(1, `${where}: still held although its parent is there`));
  }
  if (moment !== "end") return findings;
  for (const id of expected)
    if (!open.has(id)) findings.push(lost(1, `${id} is not in the quarantine of ${sqlName(table)}`));
  for (const id of open)
    if (!expected.has(id)) findings.push(duplicated(1, `${id} is open in the quarantine of ${sqlName(table)}`));
  return findings;
}
