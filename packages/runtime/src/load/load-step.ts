// One call of the warehouse's load inside a batch transaction, with its counts checked and its row in the ledger.
import {
  MillraceError,
  withDiscovered,
  type BatchReport,
  type Clock,
  type ContentEncoding,
  type ContractDefinition,
  type Cursor,
  type DecodeFormat,
  type LoadRequest,
  type RawObject,
  type WriteMode,
  type WriteTransaction,
} from "@millrace/core";
import { recordVersion, storedContract } from "../contracts/contract-versions.ts";
import type { AdoptedTable } from "./adopted-tables.ts";
import { checkCounts, insertEntry, type LedgerEntry } from "./ledger.ts";
import { engineFormat } from "./open-objects.ts";

/** A raw object that is open for the engine. */
export interface OpenObject extends RawObject {
  readonly encoding: ContentEncoding;
  /** The file that it is (a part of). */
  readonly path?: string;
  /** Records that the file's manifest promises. */
  readonly rows?: number;
  /** Why it could not be converted: it has no records that could be read. */
  readonly fault?: MillraceError;
}

export interface LoadStep {
  readonly batch: bigint;
  readonly kind: BatchReport["kind"];
  readonly channel: string;
  readonly stream: string;
  readonly table: AdoptedTable;
  readonly write: WriteMode;
  readonly seq: bigint;
  readonly before: Cursor;
  readonly after: Cursor;
  readonly replacesBatches: readonly bigint[];
  readonly source:
    | {
        readonly kind: "objects";
        readonly objects: readonly OpenObject[];
        readonly format: DecodeFormat;
        readonly origin?: bigint;
        readonly request?: string;
        readonly parts?: readonly bigint[];
      }
    | { readonly kind: "quarantine"; readonly rows: readonly { readonly batch: bigint; readonly row: bigint }[] };
}

/** @throws MillraceError counts-disagree, the fault of an object that could not be converted, and the errors of WriteTransaction.load */
export async function loadStep(tx: WriteTransaction, clock: Clock, asked: LoadStep): Promise<LedgerEntry> {
  const startedMs = clock.nowMs();
  const fault =
    asked.source.kind === "objects"
      ? asked.source.objects.find((object) => object.fault !== undefined)?.fault
      : undefined;
  if (fault !== undefined) throw fault;
  const step = { ...asked, table: await presentTable(tx, asked.table) };
  const counts = await tx.load(toRequest(step));
  checkCounts(step.batch, counts);
  checkPromise(step, counts.received);
  const entry: LedgerEntry = {
    ...emptyEntry(step, startedMs),
    contractVersion: await versionAfter(tx, clock, step, counts.grown),
    received: counts.received,
    accepted: counts.accepted,
    quarantined: counts.quarantined,
    duplicate: counts.duplicate,
    replaced: counts.replaced,
    held: counts.held,
    committedMs: clock.nowMs(),
  };
  await insertEntry(tx, entry);
  return entry;
}

/** What manifests promise of the files of this batch, as one number: the loader finds out which of them breaks it. */
function checkPromise({ kind, source }: LoadStep, received: bigint): void {
  if (kind !== "load" || source.kind !== "objects" || source.objects.length === 0) return;
  const promised = source.objects.reduce((sum, { rows }) => sum + (rows ?? Number.NaN), 0);
  if (Number.isNaN(promised) || BigInt(promised) === received) return;
  throw brokenPromise(source.objects[0]?.path, promised, received);
}

/** @returns file-manifest */
export function brokenPromise(path: string | undefined, expected: number, received: bigint): MillraceError {
  return new MillraceError(
    "file-manifest",
    `${path ?? "A file"} is not what its manifest says: records expected ${expected}, received ${received}.`,
    { details: { path, what: "records", expected, received: Number(received) } },
  );
}

/** With the columns that earlier batches found, also in this transaction: memory does not know of them until the next adoption. */
async function presentTable(tx: WriteTransaction, table: AdoptedTable): Promise<AdoptedTable> {
  if (table.contract.evolution !== "evolve") return table;
  const stored = await storedContract(tx, table);
  if (stored === undefined) return table;
  return { ...table, contract: withDiscovered(table.contract, stored.contract), contractVersion: stored.version };
}

/** The version that the batch was loaded under: a new one when its data brought columns. */
async function versionAfter(
  tx: WriteTransaction,
  clock: Clock,
  { table, batch }: LoadStep,
  grown: ContractDefinition | undefined,
): Promise<bigint> {
  if (grown === undefined) return table.contractVersion;
  const entry = { domain: table.domain, contract: grown };
  return recordVersion(tx, clock, entry, { stored: await storedContract(tx, entry), batch });
}

/** The step's ledger row before anything is counted. */
export function emptyEntry(step: LoadStep, startedMs: number): LedgerEntry {
  const objects = step.source.kind === "objects" ? step.source.objects : [];
  return {
    batch: step.batch,
    channel: step.channel,
    stream: step.stream,
    table: `${step.table.domain}.${step.table.contract.name}`,
    domain: step.table.domain,
    name: step.table.contract.name,
    kind: step.kind,
    contractVersion: step.table.contractVersion,
    received: 0n,
    accepted: 0n,
    quarantined: 0n,
    duplicate: 0n,
    replaced: 0n,
    held: 0n,
    bytes: objects.reduce((sum, object) => sum + BigInt(object.ref.bytes), 0n),
    seq: step.seq,
    before: step.before,
    after: step.after,
    startedMs,
    committedMs: startedMs,
    source: ledgerSource(step),
  };
}

function toRequest(step: LoadStep): LoadRequest {
  const { source, table } = step;
  return {
    batch: step.batch,
    channel: step.channel,
    domain: table.domain,
    contract: table.contract,
    verdict: table.verdict,
    write: step.write,
    source: source.kind === "quarantine" ? source : { ...source, format: engineFormat(source.format, table.contract) },
    receivedSeq: step.seq,
    replacesBatches: step.replacesBatches,
    keepReplaced: table.keepReplaced,
  };
}

function ledgerSource(step: LoadStep): LedgerEntry["source"] {
  if (step.source.kind === "quarantine") return { write: step.write, objects: [] };
  const { format, objects, origin, parts, request } = step.source;
  return {
    format,
    write: step.write,
    objects: objects.map(({ ref, encoding, path }) => ({ ref, encoding, ...(path === undefined ? {} : { path }) })),
    ...(origin === undefined ? {} : { origin: String(origin) }),
    ...(request === undefined ? {} : { request }),
    ...(parts === undefined || parts.length < 2 ? {} : { parts: parts.map(String) }),
  };
}
