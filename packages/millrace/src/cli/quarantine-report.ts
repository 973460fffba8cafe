// What came of an action on rejected rows, for people.
import type { QuarantinedRowHistory, QuarantineOutcome } from "@millrace/runtime";
import type { Wire } from "../admin/admin.ts";
import { formatTable } from "./table.ts";

const DONE = { fix: "repaired", readmit: "judged again", discard: "discarded" } as const;

export function outcomeText(outcome: Wire<QuarantineOutcome>): string {
  const { rows, readmitted, failing = [], samples = [] } = outcome;
  if (Number(rows) === 0) return "no open or held row fits; nothing was changed";
  const lines = [summary(outcome)];
  if (failing.length > 0)
    lines.push(
      "",
      formatTable(
        ["still fails", "rows"],
        failing.map((one) => [one.code, one.rows]),
      ),
    );
  if (samples.length > 0)
    lines.push(
      "",
      formatTable(
        ["batch", "row", "would be", "codes", "record"],
        samples.map((one) => [one.batch, one.row, one.state, one.codes.join(", "), shortened(one.after)]),
      ),
    );
  if (outcome.dryRun) lines.push("", "dry run: nothing was changed");
  else if (outcome.kind === "fix" && outcome.failing === undefined)
    lines.push("", "next: millrace quarantine readmit, with the same rows");
  else if (Number(readmitted) < Number(rows) && outcome.kind !== "discard")
    lines.push("", "what still fails stays in quarantine: millrace quarantine list");
  return lines.join("\n");
}

function summary({ kind, dryRun, rows, readmitted, failing, table }: Wire<QuarantineOutcome>): string {
  const where = table === undefined ? "" : `${table}: `;
  const counted = `${rows} ${Number(rows) === 1 ? "row" : "rows"} ${dryRun ? "would be " : ""}${DONE[kind]}`;
  return `${where}${counted}${failing === undefined ? "" : `, ${readmitted} re-admitted`}`;
}

export function rowText(found: Wire<QuarantinedRowHistory>): string {
  return [
    `batch ${found.batch}, row ${found.row}: ${found.state}`,
    `table     ${found.table}`,
    `channel   ${found.channel}`,
    `object    ${found.objectKey}, ${Number(found.position) === 0 ? "as a whole" : `record ${found.position}`}`,
    ...found.codes.map((code, at) => `failed    ${code}: ${found.reasons[at] ?? ""}`),
    `original  ${found.original}`,
    ...(found.repaired === undefined ? [] : [`repaired  ${found.repaired}`]),
    ...found.actions.map(
      ({ kind, by, startedMs, reason }) =>
        `${kind.padEnd(9)} by ${by}, ${new Date(Number(startedMs)).toISOString()}${reason === "" ? "" : `: ${reason}`}`,
    ),
  ].join("\n");
}

export function shortened(text: string): string {
  const shown = 100;
  return text.length <= shown ? text : `${text.slice(0, shown - 3)}...`;
}
