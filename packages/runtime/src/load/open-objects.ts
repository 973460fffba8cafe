// Raw objects made readable for the engine for the time of one batch: as they are stored, or converted where no engine reads their format.
import { convertedAs, convertObject } from "@millrace/connectors";
import {
  isMillraceError,
  type Clock,
  type ContractDefinition,
  type DecodeFormat,
  type EngineFormat,
  type LocalObject,
  type ObjectStore,
} from "@millrace/core";
import type { LedgerObject } from "./ledger.ts";
import type { OpenObject } from "./load-step.ts";

/** What is opened, and for which contract. */
export interface ObjectsToOpen {
  readonly objects: readonly LedgerObject[];
  readonly format: DecodeFormat;
  readonly contract: ContractDefinition;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** How the engine reads objects of this format. */
export function engineFormat(format: DecodeFormat, contract: ContractDefinition): EngineFormat {
  return format.kind === "converted" ? convertedAs(format, contract) : format;
}

/**
 * Opens all objects, calls `use`, and releases them whatever happens. One that cannot be converted is open with its `fault`.
 *
 * @throws MillraceError object-missing, storage-*
 */
export async function withOpenObjects<T>(
  store: ObjectStore,
  wanted: ObjectsToOpen,
  use: (open: readonly OpenObject[]) => Promise<T>,
): Promise<T> {
  const open: OpenObject[] = [];
  try {
    for (const object of wanted.objects) {
      const stored = { ...object, local: await store.local(object.ref) };
      open.push(wanted.format.kind === "converted" ? await converted(store, wanted, stored) : stored);
    }
    return await use(open);
  } finally {
    for (const { local } of open) await local[Symbol.asyncDispose]();
  }
}

async function converted(store: ObjectStore, wanted: ObjectsToOpen, stored: OpenObject): Promise<OpenObject> {
  const { clock, contract, format, signal } = wanted;
  if (format.kind !== "converted") return stored;
  const scratch = await store.scratch(convertedAs(format, contract).kind);
  try {
    const { encoding, local, path, ref } = stored;
    const input = {
      local: local.path,
      stored: ref.codec,
      encoding,
      path: path ?? ref.key,
      bytes: ref.storedBytes,
      contract,
    };
    await convertObject(input, format, { target: scratch.path, clock, signal });
    return { ...stored, local: scratch };
  } catch (thrown) {
    if (isMillraceError(thrown) && thrown.kind === "user") return { ...stored, local: scratch, fault: thrown };
    await discard(scratch);
    throw thrown;
  } finally {
    await discard(stored.local);
  }
}

async function discard(local: LocalObject): Promise<void> {
  await local[Symbol.asyncDispose]();
}
