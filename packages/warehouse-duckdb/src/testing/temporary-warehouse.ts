// A warehouse in a temporary folder, and raw objects written as plain files into it: what the tests of this package load.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  silentLogger,
  systemClock,
  tableSpec,
  type ContractDefinition,
  type EngineFormat,
  type LoadRequest,
  type LoadResult,
  type LoadVerdict,
  type RawObject,
  type SqlValue,
  type TableSpec,
  type Warehouse,
} from "@millrace/core";
import { openDuckDbWarehouse } from "../open-warehouse.ts";

export interface TemporaryWarehouse extends AsyncDisposable {
  readonly folder: string;
  warehouse: Warehouse;
  object(name: string, content: string | Uint8Array): RawObject;
  /** @param began called each time that the transaction begins */
  load(request: Partial<LoadRequest> & Pick<LoadRequest, "contract">, began?: () => void): Promise<LoadResult>;
  rows(sql: string): Promise<readonly (readonly SqlValue[])[]>;
  reopen(): Promise<void>;
}

export const noVerdict: LoadVerdict = { rows: [], references: [] };
export const ndjson: EngineFormat = { kind: "ndjson" };

export function csvFormat(...columns: string[]): EngineFormat {
  return { kind: "csv", delimiter: ",", quote: '"', columns, header: true, nullTokens: [] };
}

export async function temporaryWarehouse(): Promise<TemporaryWarehouse> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-warehouse-"));
  mkdirSync(join(folder, "objects"));
  const openIt = (): Promise<Warehouse> =>
    openDuckDbWarehouse({
      folder,
      memoryLimitBytes: 512 * 1024 * 1024,
      threads: 2,
      clock: systemClock,
      log: silentLogger,
    });
  let warehouse = await openIt();
  let batch = 0n;
  return {
    folder,
    get warehouse() {
      return warehouse;
    },
    object(name, content) {
      const path = join(folder, "objects", name);
      writeFileSync(path, content);
      const ref = {
        key: name,
        codec: "none",
        sha256: "",
        bytes: content.length,
        storedBytes: content.length,
        formatVersion: 1,
      } as const;
      return { ref, encoding: "none", local: { path, [Symbol.asyncDispose]: () => Promise.resolve() } };
    },
    load(request, began) {
      batch += 1n;
      const full: LoadRequest = {
        batch,
        channel: "shop.way",
        domain: "shop",
        verdict: noVerdict,
        write: "append",
        source: { kind: "objects", objects: [], format: ndjson },
        receivedSeq: batch * 1000n,
        replacesBatches: [],
        keepReplaced: false,
        ...request,
      };
      batch = full.batch;
      return warehouse.write([`shop.${request.contract.name}`], async (tx) => {
        began?.();
        await tx.ensureTable(specOf(request.contract));
        return tx.load(full);
      });
    },
    rows: async (sql) => (await warehouse.query(sql)).rows,
    async reopen() {
      await warehouse.close();
      warehouse = await openIt();
    },
    async [Symbol.asyncDispose]() {
      await warehouse.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function specOf(contract: ContractDefinition): TableSpec {
  return tableSpec("shop", contract);
}
