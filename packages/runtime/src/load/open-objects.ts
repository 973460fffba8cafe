// Raw objects made readable for the engine for the time of one batch.
import type { ObjectStore } from "@millrace/core";
import type { LedgerObject } from "./ledger.ts";
import type { OpenObject } from "./load-step.ts";

/** Opens all objects, calls `use`, and releases them whatever happens. @throws MillraceError object-missing */
export async function withOpenObjects<T>(
  store: ObjectStore,
  objects: readonly LedgerObject[],
  use: (open: readonly OpenObject[]) => Promise<T>,
): Promise<T> {
  const open: OpenObject[] = [];
  try {
    for (const object of objects) open.push({ ...object, local: await store.local(object.ref) });
    return await use(open);
  } finally {
    for (const { local } of open) await local[Symbol.asyncDispose]();
  }
}
