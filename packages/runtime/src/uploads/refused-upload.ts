// A refused upload stands in quarantine of its table: a batch of one record, with its reason. Whoever re-admits it takes the file after all.
import { columnCode, stringifyExact, type ContractDefinition, type MillraceError } from "@millrace/core";
import { emptyEntry, type LoadStep } from "../load/load-step.ts";
import { insertEntry } from "../load/ledger.ts";
import { rollBack } from "../load/roll-back.ts";
import { nowText } from "../load/sql-values.ts";
import type { UploadChannel, UploadParts } from "./upload-parts.ts";

/** Fields of an upload's record, as they are written; what is not known is left out. */
export type UploadRecord = Readonly<Record<string, string | number | undefined>>;

export interface RefusedUpload {
  readonly record: UploadRecord;
  readonly name: string;
  readonly error: MillraceError;
}

const stream = "default";

/** False when the same upload stands there for the same reason, and nothing was written. */
export async function refuseUpload(
  parts: UploadParts,
  channel: UploadChannel,
  { record, name, error }: RefusedUpload,
): Promise<boolean> {
  const { clock, sequence, claims, transactions } = parts;
  const table = parts.tables.get(channel.table);
  const { contract, domain } = table;
  const code = columnCode(contract, "upload", error.code.replace(/^upload-/, "").replace(/-refused$/, ""));
  const subject = { channel: channel.name, domain, name: contract.name };
  const reports = await transactions.run(subject, async (tx) => {
    const same = await tx.query(
      `SELECT 1 FROM millrace.quarantine
        WHERE channel = ? AND state = 'open' AND list_contains(codes, ?) AND contains(original, ?) LIMIT 1`,
      [channel.name, code, `"id":"${String(record["id"])}"`],
    );
    if (same.rows.length > 0) return rollBack();
    await claims.hold(tx, { channel: channel.name, stream });
    const batch = sequence.nextBatch();
    const step: LoadStep = {
      batch,
      kind: "load",
      channel: channel.name,
      stream,
      table,
      write: "append",
      seq: sequence.nextSeq(),
      before: null,
      after: null,
      replacesBatches: [],
      source: { kind: "quarantine", rows: [] },
    };
    await tx.run(
      `INSERT INTO millrace.quarantine (batch, row_no, channel, domain, table_name, codes, reasons, original, object_key, position, seq, state, changed_at)
        VALUES (?, 1, ?, ?, ?, [?], [?], ?, ?, 0, ?, 'open', ?)`,
      [
        batch,
        channel.name,
        domain,
        contract.name,
        code,
        reasonOf(contract, name, error),
        stringifyExact(asText(record)),
        String(record["object"] ?? ""),
        step.seq,
        nowText(clock),
      ],
    );
    const entry = { ...emptyEntry(step, clock.nowMs()), received: 1n, quarantined: 1n };
    await insertEntry(tx, entry);
    return [entry];
  });
  parts.metrics.count("millrace_uploads_refused_total", 1, { channel: channel.name, code: error.code });
  return reports.length > 0;
}

/** Originals hold the text of their fields. */
function asText(record: UploadRecord): UploadRecord {
  const given = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([field, value]) => [field, String(value)]));
}

/** Reasons never show personal data. */
function reasonOf(contract: ContractDefinition, name: string, { message }: MillraceError): string {
  const column = contract.columns.find((one) => (one.source ?? one.name) === "name");
  return column?.pii === true ? message.replace(`"${name}"`, "The file") : message;
}
