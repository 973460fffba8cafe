// Every batch's originals are there, as long as the ledger says; at the end their content is read and hashed as well.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { isMillraceError, type ObjectRef } from "@millrace/core";
import { openFileObjectStore } from "@millrace/store-local";
import { lost, type Finding } from "./finding.ts";
import type { Query } from "./table-truth.ts";

export interface BatchObjects {
  readonly batch: string;
  readonly channel: string;
  readonly refs: readonly ObjectRef[];
}

/** The raw objects of all batches. */
export async function readObjects(query: Query): Promise<readonly BatchObjects[]> {
  const found = await query("SELECT batch, channel, objects FROM millrace.ledger ORDER BY batch");
  return found.map(([batch, channel, objects]) => ({
    batch: String(batch),
    channel: String(channel),
    refs: (JSON.parse(String(objects)) as { objects: { ref: ObjectRef }[] }).objects.map(({ ref }) => ref),
  }));
}

/** Presence and size only; cheap enough for every restart. @param folder of the object store */
export async function checkSizes(folder: string, batches: readonly BatchObjects[]): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { batch, refs } of batches) {
    for (const ref of refs) {
      const bytes = (await stat(join(folder, ref.key)).catch(() => undefined))?.size;
      if (bytes === ref.storedBytes) continue;
      findings.push(lost(1, `original ${ref.key} of batch ${batch}: ${bytes ?? "no"} of ${ref.storedBytes} bytes`));
    }
  }
  return findings;
}

/** Reads all of them. The process must have let the folder go. */
export async function checkContent(folder: string, batches: readonly BatchObjects[]): Promise<readonly Finding[]> {
  const store = await openFileObjectStore(folder);
  const findings: Finding[] = [];
  for (const { batch, refs } of batches) {
    for (const ref of refs) {
      try {
        await Array.fromAsync(store.get(ref), (piece) => piece.byteLength);
      } catch (thrown) {
        if (!isMillraceError(thrown)) throw thrown;
        findings.push(lost(1, `original ${ref.key} of batch ${batch}: ${thrown.message}`));
      }
    }
  }
  return findings;
}
