// Raw objects that cannot be decoded at all, or that a blocking rule refuses. A file is refused and looked at again when it changes; any other object (a page, archived events) has no
// source that could deliver it again, so it becomes a batch of its own with one row in quarantine, which `millrace replay` loads once it can be read.
import {
  isMillraceError,
  malformedCode,
  MillraceError,
  type Arrival,
  type Clock,
  type FileIdentity,
  type WriteTransaction,
} from "@millrace/core";
import { insertRefusal } from "./file-ledger.ts";
import { insertEntry, type LedgerEntry } from "./ledger.ts";
import { emptyEntry, type LoadStep, type OpenObject } from "./load-step.ts";
import { nowText } from "./sql-values.ts";

export interface UnreadableObject {
  readonly object: OpenObject;
  readonly error: MillraceError;
}

/** Faults of the bytes, of their shape or of what a blocking rule says of them, which no other try will mend. */
export function cannotBeRead(error: unknown): error is MillraceError {
  if (!isMillraceError(error)) return false;
  const ofFile = error.code.startsWith("file-") && error.kind === "user";
  return ofFile || error.code === "batch-unreadable" || error.code === "batch-blocked";
}

/** The rules that blocked the object, else that it is malformed. */
function codesOf(step: LoadStep, error: MillraceError): readonly string[] {
  const rules = error.details?.["rules"];
  const codes = Array.isArray(rules) ? rules.map((rule: { readonly code: string }) => rule.code) : [];
  return error.code === "batch-blocked" && codes.length > 0 ? codes : [malformedCode(step.table.contract)];
}

/** Those that fail alone, by loading each of them; the caller rolls its transaction back. */
export async function findUnreadable(
  objects: readonly OpenObject[],
  load: (object: OpenObject) => Promise<unknown>,
): Promise<readonly UnreadableObject[]> {
  const found: UnreadableObject[] = [];
  for (const object of objects) {
    try {
      await load(object);
    } catch (error) {
      if (!cannotBeRead(error)) throw error;
      found.push({ object, error });
    }
  }
  return found;
}

/** The arrival without these objects and their files; batches are replaced only by files that take their place. */
export function without(arrival: Arrival, unreadable: readonly UnreadableObject[]): Arrival {
  if (unreadable.length === 0) return arrival;
  const refused = new Set(unreadable.map(({ object }) => object.path));
  const files = (arrival.files ?? []).filter((file) => !refused.has(file.path));
  const { files: _files, replacesBatches = [], ...rest } = arrival;
  return { ...rest, files, replacesBatches: files.length === 0 ? [] : replacesBatches };
}

/** The arrival's files among them, with what people read about each. */
export function refusedFiles(
  arrival: Arrival,
  unreadable: readonly UnreadableObject[],
): readonly { readonly file: FileIdentity; readonly error: MillraceError }[] {
  const byPath = new Map((arrival.files ?? []).map((file) => [file.path, file]));
  const refused = new Map<string, { file: FileIdentity; error: MillraceError }>();
  for (const { object, error } of unreadable) {
    const file = object.path === undefined ? undefined : byPath.get(object.path);
    if (file !== undefined) refused.set(file.path, { file, error: fileError(file.path, error) });
  }
  return [...refused.values()];
}

/** What a conversion says of the file names it already. */
function fileError(path: string, cause: MillraceError): MillraceError {
  if (cause.code === "file-manifest" || cause.details?.["path"] === path) return cause;
  return new MillraceError("file-unreadable", `${path} is refused: ${cause.message}`, { cause, details: { path } });
}

/** Returns what was not known before, in the arrival's own transaction. */
export async function refuseFiles(
  tx: WriteTransaction,
  clock: Clock,
  channel: string,
  refused: ReturnType<typeof refusedFiles>,
): Promise<readonly MillraceError[]> {
  const news: MillraceError[] = [];
  for (const { file, error } of refused) if (await insertRefusal(tx, clock, channel, { file, error })) news.push(error);
  return news;
}

/** One ledger row and one row of quarantine for the whole object, at position 0. */
export async function quarantineObject(
  tx: WriteTransaction,
  clock: Clock,
  step: LoadStep,
  { object, error }: UnreadableObject,
): Promise<LedgerEntry> {
  const { table } = step;
  await tx.run(
    `INSERT INTO millrace.quarantine (batch, row_no, channel, domain, table_name, codes, reasons, original, object_key, position, seq, state, changed_at)
      VALUES (?, 1, ?, ?, ?, ?::VARCHAR[], [?], '', ?, 0, ?, 'open', ?)`,
    [
      step.batch,
      step.channel,
      table.domain,
      table.contract.name,
      codesOf(step, error),
      error.message,
      object.ref.key,
      step.seq,
      nowText(clock),
    ],
  );
  const entry = { ...emptyEntry(step, clock.nowMs()), received: 1n, quarantined: 1n };
  await insertEntry(tx, entry);
  return entry;
}

/** What the channel's status says of it. */
export function pageError(batch: bigint, { object, error }: UnreadableObject): MillraceError {
  return new MillraceError("batch-unreadable", error.message, {
    hint: `It stands in quarantine as one row of batch ${batch}; the channel goes on. When the cause is mended: millrace replay ${batch}.`,
    details: { object: object.ref.key, batch: String(batch) },
    cause: error,
  });
}
