// Data files whose records are loaded while the sender waits; and what a crash leaves of uploads.
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { openFileObjectStore } from "@millrace/store-local";
import { afterAll, beforeAll, expect, it } from "vitest";
import { formOf, pdf, UploadStage } from "../testing/upload-stage.ts";

const place = new UploadStage();
beforeAll(() => place.open());
afterAll(() => place.close());

it("answers with the counts of the batch, and loads the same content once", async () => {
  const csv = "sku,qty\na,1\nb,0\nc,3\n";
  const sent = await place.put("shop.lines_in/l.csv", csv, { "content-type": "text/csv" });
  expect([sent.status, sent.files]).toMatchObject([
    201,
    [{ state: "accepted", batches: [{ received: 3, accepted: 2, quarantined: 1, duplicate: 0 }] }],
  ]);
  const again = await place.put("shop.lines_in/other-name.csv", csv);
  expect([again.status, again.files[0]?.state, again.files[0]?.batches?.[0]?.batch]).toEqual([
    200,
    "repeated",
    sent.files[0]?.batches?.[0]?.batch,
  ]);
  const several = await place.post(
    "shop.lines_in",
    formOf([
      ["g.csv.gz", gzipSync("sku,qty\nd,4\n"), ""],
      ["n.ndjson", Buffer.from('{"sku":"e","qty":5}\n'), ""],
    ]),
  );
  expect(several.files.map(({ batches }) => batches?.[0]?.accepted)).toEqual([1, 1]);
  expect((await place.stage.get("/data/shop/lines?select=sku&order=sku")).json).toEqual(
    ["a", "c", "d", "e"].map((sku) => ({ sku })),
  );
  expect(
    (await place.stage.platform.status()).channels.find(({ channel }) => channel === "shop.lines_in"),
  ).toMatchObject({
    connector: "uploads",
    accepted: 4n,
  });
});

it.each([
  ["columns.csv", Buffer.from("other,names\n1,2\n"), "file-columns"],
  ["cut.csv.gz", gzipSync("sku,qty\nx,1\n").subarray(0, 20), "file-truncated"],
  [
    "bomb.csv.gz",
    gzipSync(Buffer.concat([Buffer.from("sku,qty\n"), Buffer.alloc(5_000_000, "a,1\n")])),
    "upload-too-large",
  ],
  ["binary.csv", Buffer.from("sku,qty\n\0\0\0"), "file-unreadable"],
  ["what.xyz", Buffer.from("sku,qty\nx,1\n"), "file-unreadable"],
  ["none.csv", Buffer.alloc(0), "upload-empty"],
])("refuses %s, and its channel says why", async (name, content, code) => {
  expect((await place.put(`shop.lines_in/${name}`, content)).code).toBe(code);
  expect(
    (await place.stage.platform.status()).channels.find(({ channel }) => channel === "shop.lines_in")?.error?.code,
  ).toBe(code);
  const known = "SELECT state FROM millrace.files WHERE channel = 'shop.lines_in' AND path = ?";
  expect(await place.query(known, [name])).toEqual([["refused"]]);
});

it("keeps its sums, and after a crash collects content that has no row, and no other", async () => {
  for (const name of ["a.pdf?order_id=o-1", "b.pdf?order_id=nonsense"])
    await place.put(`shop.receipts_in/${name}`, pdf());
  await place.put("shop.kept_in/c.pdf", pdf());
  await place.stage.platform.runUntilIdle({});
  const wrong = "SELECT count(*) FROM millrace.ledger WHERE received <> accepted + quarantined + duplicate";
  expect(await place.query(wrong)).toEqual([[0n]]);
  const before = await place.objects("blobs");
  expect(before).toHaveLength(3);
  await place.stage.close();
  const store = await openFileObjectStore(join(place.folder, "objects"));
  const day = new Date().toISOString().slice(0, 10).replaceAll("-", "/");
  await store.put(Buffer.from("half"), { prefix: `blobs/shop/receipts_in/${day}/0f`, extension: "pdf", codec: "none" });
  expect(await place.objects("blobs")).toHaveLength(4);
  // Times of files have their own resolution.
  await new Promise((resolve) => setTimeout(resolve, 20));
  await place.open();
  await expect.poll(() => place.objects("blobs"), { timeout: 5000 }).toEqual(before);
});
