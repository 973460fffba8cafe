// A folder that format 1 wrote opens, holds what it held and goes on. The fixture is never written anew: it stands for users' data.
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { zstdDecompressSync } from "node:zlib";
import type { ObjectRef } from "@millrace/core";
import { expect, it } from "vitest";
import { openSqliteControlStore } from "../control/control-store.ts";
import { openSqliteEventLog } from "../event-log/event-log.ts";
import { openFileObjectStore } from "../objects/file-object-store.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { openDataFolder } from "./data-folder.ts";

const fixture = fileURLToPath(new URL("./fixtures/format-1", import.meta.url));
const sha256 = "f6cf938a7162f3ca3c63b09b59a20cee3e3d4afc8e85bcbc69ff41f514b8b3dc";
const ref: ObjectRef = {
  key: `raw/shop/weekly/2026/01/01/${sha256}.csv.zst`,
  codec: "zstd",
  sha256,
  bytes: 17,
  storedBytes: 26,
  formatVersion: 1,
};

it("opens a folder of format 1 with everything in it", async () => {
  await using root = await temporaryFolder();
  const path = join(root.path, "data");
  await cp(fixture, path, { recursive: true });
  for (const name of ["log.sqlite", "control.sqlite"]) {
    await writeFile(join(path, name), zstdDecompressSync(await readFile(join(path, `${name}.zst`))));
    await rm(join(path, `${name}.zst`));
  }
  await using folder = await openDataFolder(path);
  const log = await openSqliteEventLog(folder.files.log);
  const control = await openSqliteControlStore(folder.files.control);
  const objects = await openFileObjectStore(folder.files.objects);
  try {
    expect(log.incarnation).toBe("00b89007-d200-74c5-be3d-c12752693f26");
    expect(await log.partitions()).toEqual(["shop.orders", "shop.stock"]);
    expect(await log.range("shop.orders")).toEqual({ first: 2n, next: 3n });
    const [entry] = await log.read("shop.orders", 2n, { bytesMax: 100 });
    expect(Buffer.from(entry?.payload ?? []).toString()).toBe('{"id":3}\n');
    const payload = Buffer.from('{"id":1}\n{"id":2}\n');
    const request = { partition: "shop.orders", payload, count: 2 };
    const writtenMicros = BigInt(Date.UTC(2026, 0, 1)) * 1000n;
    expect((await log.append(request)).offset).toBe(3n);
    expect(entry?.receivedAtMicros).toBeGreaterThanOrEqual(writtenMicros);

    expect(await control.tasks.counts()).toMatchObject({ ready: 1, done: 1 });
    const leased = await control.tasks.lease({ instance: "i", kinds: ["channel.poll"], leaseMs: 1000, max: 1 });
    expect(leased).toMatchObject([{ subject: "shop.weekly", input: { page: 2 }, priority: 1 }]);
    expect(await control.runs.list({ limit: 5 })).toMatchObject([
      { subject: "shop.weekly", state: "done", summary: { rows: 2 } },
    ]);
    expect(await control.schedules.list()).toMatchObject([{ subject: "shop.weekly", every: "5m" }]);

    const stored = Buffer.concat(await Array.fromAsync(objects.get(ref)));
    expect(stored.toString()).toBe("sku,price\na,1.50\n");
  } finally {
    await log.close();
    await control.close();
  }
});

it("remembers the idempotency keys of format 1, for as long as they are valid", async () => {
  await using root = await temporaryFolder();
  const file = join(root.path, "log.sqlite");
  await writeFile(file, zstdDecompressSync(await readFile(join(fixture, "log.sqlite.zst"))));
  const log = await openSqliteEventLog(file, { idempotencyAgeMs: 100 * 366 * 86_400_000 });
  const request = {
    partition: "shop.orders",
    payload: Buffer.from('{"id":1}\n{"id":2}\n'),
    count: 2,
    idempotencyKey: "first",
  };
  expect(await log.append(request)).toMatchObject({ offset: 0n, count: 2, repeated: true });
  await log.close();
});
