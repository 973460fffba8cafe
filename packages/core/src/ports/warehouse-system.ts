// The system tables inside every warehouse (schema `millrace`): ledger, channel cursors, file identities, quarantine,
// results of rules, table versions. As data, so that each adapter creates the same.
import type { LogicalType } from "../contract/logical-type.ts";

export interface SystemTable {
  readonly name: string;
  readonly columns: Readonly<Record<string, LogicalType>>;
}

/**
 * Version of the system tables; adapters refuse newer ones. Tables that are missing are added at each opening. Every version so far only added columns at
 * the end: adapters bring older ones up to date by adding what is missing, then with the steps of `systemMigrations`.
 */
export const systemFormat = 4;

/** What the formats brought, in order; each step runs once, in the transaction that adds its columns. */
export const systemMigrations: readonly { readonly format: number; readonly statements: readonly string[] }[] = [
  // Repairs in quarantine.
  { format: 2, statements: [] },
  // Tags and former names of files.
  { format: 3, statements: [] },
  // Where versions of contracts came from: all were those of projects, and what changed is told by their definitions.
  { format: 4, statements: ["UPDATE millrace.contracts SET origin = 'project' WHERE origin IS NULL"] },
];

const text: LogicalType = { kind: "string" };
const int: LogicalType = { kind: "int64" };
const instant: LogicalType = { kind: "timestamp" };
const texts: LogicalType = { kind: "list", item: text };
const ints: LogicalType = { kind: "list", item: int };

export const systemTables: readonly SystemTable[] = [
  { name: "meta", columns: { key: text, value: text } },
  {
    // One row per batch, immutable. kind: load | readmit | replay. Cursors and objects are JSON text.
    name: "ledger",
    columns: {
      batch: int,
      channel: text,
      stream: text,
      domain: text,
      table_name: text,
      kind: text,
      contract_version: int,
      received: int,
      accepted: int,
      quarantined: int,
      duplicate: int,
      replaced: int,
      bytes: int,
      seq: int,
      cursor_before: text,
      cursor_after: text,
      objects: text,
      started_at: instant,
      committed_at: instant,
    },
  },
  {
    // Sums of event batches that were folded away, per day (UTC).
    name: "ledger_days",
    columns: {
      day: { kind: "date" },
      channel: text,
      stream: text,
      kind: text,
      batches: int,
      received: int,
      accepted: int,
      quarantined: int,
      duplicate: int,
      replaced: int,
      bytes: int,
    },
  },
  // The row that every batch compare-and-sets: `UPDATE ... WHERE epoch = ? AND cursor = <before>`.
  {
    name: "channels",
    columns: { channel: text, stream: text, epoch: int, cursor: text, batch: int, changed_at: instant },
  },
  {
    // Identity of every file version that was seen. state: loaded | superseded | refused | gone | removed | renamed; `batch` of a removed one is that which
    // took its rows away. `tag`: what its place calls the version. `loaded_as`: the path under which its batch names it, when it was renamed since.
    name: "files",
    columns: {
      channel: text,
      path: text,
      size: int,
      modified_us: int,
      sha256: text,
      version: int,
      batch: int,
      state: text,
      error: text,
      seen_at: instant,
      tag: text,
      loaded_as: text,
    },
  },
  {
    // Rejected rows. state: open | held | readmitted | discarded; resolved_batch is NULL for rows that a person discarded. (batch, row_no) is the
    // identity. `original` is the record as JSON text of its source fields, or the raw text when it could not be parsed. `repaired`, when there is one,
    // goes through the contract in its place.
    name: "quarantine",
    columns: {
      batch: int,
      row_no: int,
      channel: text,
      domain: text,
      table_name: text,
      codes: texts,
      reasons: texts,
      original: text,
      object_key: text,
      position: int,
      seq: int,
      state: text,
      resolved_batch: int,
      changed_at: instant,
      repaired: text,
    },
  },
  {
    // Rules that something failed, per batch. `judged`: rows looked at; `failed`: how many of them failed; `found`: what a rule over a set measured;
    // `row_numbers`: the first few. severity: reject | warn.
    name: "rule_results",
    columns: {
      batch: int,
      channel: text,
      domain: text,
      table_name: text,
      code: text,
      severity: text,
      judged: int,
      failed: int,
      found: text,
      row_numbers: ints,
      judged_at: instant,
    },
  },
  {
    // Figures that rules over history measured, per batch and dimension ('' where there is none), with what was usual then. state: passes | fails |
    // training | new.
    name: "rule_history",
    columns: {
      batch: int,
      domain: text,
      table_name: text,
      code: text,
      dimension: text,
      measured_at: instant,
      value: { kind: "float" },
      low: { kind: "float" },
      high: { kind: "float" },
      state: text,
    },
  },
  {
    // What people did to quarantined rows: kind: fix | readmit | discard. `change` is JSON text without values of records; `last` is the row up to which
    // the work is done, NULL when it is finished.
    name: "quarantine_actions",
    columns: {
      id: text,
      kind: text,
      domain: text,
      table_name: text,
      actor: text,
      reason: text,
      change: text,
      row_count: int,
      readmitted: int,
      last: text,
      started_at: instant,
    },
  },
  { name: "quarantine_action_rows", columns: { action: text, batch: int, row_no: int } },
  {
    // Current physical table, fingerprint and version of every table, model and view.
    name: "tables",
    columns: {
      domain: text,
      name: text,
      kind: text,
      physical: text,
      fingerprint: text,
      key_columns: texts,
      write_mode: text,
      version: int,
      rewrites: int,
      batch: int,
      changed_at: instant,
    },
  },
  {
    // Every version of each contract. class: initial | none | compatible | breaking; NULL before format 4. origin: project | data, with the batch whose
    // data brought it. `changes` is JSON text: see contract-changes.ts.
    name: "contracts",
    columns: {
      domain: text,
      name: text,
      version: int,
      definition: text,
      changed_at: instant,
      class: text,
      origin: text,
      batch: int,
      changes: text,
    },
  },
  {
    // One row per delivery. `epoch` fences off earlier owners; `seen` is JSON text of the source's state that is due or delivered; `next_seq` and
    // `version` number what becomes due. due = acknowledged + discarded + superseded + the rows that stand in `outbox`.
    name: "deliveries",
    columns: {
      delivery: text,
      epoch: int,
      paused: { kind: "bool" },
      seen: text,
      key_columns: text,
      version: int,
      next_seq: int,
      due: int,
      acknowledged: int,
      discarded: int,
      superseded: int,
      changed_at: instant,
    },
  },
  // The newest version of each key that was made due: `hash` of what is sent, empty once the row left. `captured`: what the receiver answered.
  {
    name: "delivery_keys",
    columns: { delivery: text, key: text, version: int, hash: text, captured: text },
  },
  {
    // What is due and not acknowledged, in the order of `seq`. state: pending | dead. Rows of one `parcel` (its first `seq`) go in one request. `key`
    // is JSON text of its values; `payload` is NULL where a whole snapshot is due.
    name: "outbox",
    columns: {
      delivery: text,
      seq: int,
      parcel: int,
      key: text,
      version: int,
      operation: text,
      payload: text,
      state: text,
      attempts: int,
      code: text,
      reason: text,
      answer: text,
      due_at: instant,
      failed_at: instant,
    },
  },
  // What each built model has seen of its inputs: JSON text {"domain.table": {version, rewrites, batch}}.
  {
    name: "models",
    columns: {
      domain: text,
      name: text,
      fingerprint: text,
      inputs: text,
      row_count: int,
      duration_ms: int,
      built_at: instant,
    },
  },
];

/**
 * Key in `millrace.meta` under which a table has rows that left it: JSON text {"relation","since"}. The relation has the table's columns and
 * `_replaced_by`, and holds every row that left in a batch after `since` and after the last change of `rewrites`.
 */
export function replacedRowsKey(table: { readonly domain: string; readonly name: string }): string {
  return `${replacedRowsPrefix}${table.domain}.${table.name}`;
}

export const replacedRowsPrefix = "replaced:";
