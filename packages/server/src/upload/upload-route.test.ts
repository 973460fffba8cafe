// Uploads through a real socket: what is taken is durable, has its row and comes back byte for byte; what is refused says why.
import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { auth, formOf, pdf, png, UploadStage } from "../testing/upload-stage.ts";

const place = new UploadStage();
beforeAll(() => place.open());
afterAll(() => place.close());

it("takes a form with several files and fields, and gives them back whole, in part and not at all", async () => {
  const content = pdf();
  const sha256 = createHash("sha256").update(content).digest("hex");
  const sent = await place.post(
    "shop.receipts_in",
    formOf(
      [
        ["r (1) é.pdf", content, "application/pdf"],
        ["p.png", png, ""],
      ],
      { order_id: "o-1" },
    ),
  );
  expect([sent.status, sent.files.map(({ state }) => state)]).toEqual([201, ["accepted", "accepted"]]);
  const [blob] = sent.files.map((file) => file.blob);
  expect(blob).toMatchObject({ type: "application/pdf", bytes: content.byteLength, sha256 });
  await place.stage.platform.runUntilIdle({});
  const rows = await place.stage.get("/data/shop/receipts?select=name,type,size,sha256,order_id&order=size.desc");
  expect(rows.json).toMatchObject([
    { name: "r (1) é.pdf", order_id: "o-1", sha256 },
    { name: "p.png", type: "image/png", order_id: "o-1" },
  ]);
  const address = `${place.origin}/blob/shop/receipts/${blob?.id ?? ""}`;
  const whole = await fetch(address, { headers: auth });
  expect(Buffer.from(await whole.arrayBuffer()).equals(content)).toBe(true);
  expect(Object.fromEntries(whole.headers)).toMatchObject({
    "content-type": "application/pdf",
    "x-content-type-options": "nosniff",
    etag: `"${sha256}"`,
    "content-disposition": "attachment; filename=\"r (1) _.pdf\"; filename*=UTF-8''r%20%281%29%20%C3%A9.pdf",
  });
  const ask = async (headers: Readonly<Record<string, string>>, method = "GET") =>
    fetch(address, { method, headers: { ...auth, ...headers } });
  const part = await ask({ range: "bytes=5-14" });
  expect([part.status, part.headers.get("content-range")]).toEqual([206, `bytes 5-14/${content.byteLength}`]);
  expect(Buffer.from(await part.arrayBuffer()).equals(content.subarray(5, 15))).toBe(true);
  const tail = await ask({ range: "bytes=-3" });
  expect(Buffer.from(await tail.arrayBuffer()).equals(content.subarray(-3))).toBe(true);
  const beyond = await ask({ range: "bytes=9999-" });
  expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, `bytes */${content.byteLength}`]);
  expect((await ask({ "if-none-match": `"${sha256}"` })).status).toBe(304);
  expect((await ask({ range: "bytes=0-0", "if-range": '"older"' })).status).toBe(200);
  const head = await ask({}, "HEAD");
  expect([head.status, head.headers.get("content-length")]).toEqual([200, String(content.byteLength)]);
  expect((await fetch(address)).status).toBe(401);
  expect((await fetch(`${place.origin}/blob/shop/receipts/nobody`, { headers: auth })).status).toBe(404);
  expect((await fetch(`${place.origin}/blob/shop/orders/1`, { headers: auth })).status).toBe(404);
});

it("takes the same upload once, before and after it is loaded, and keeps its content once", async () => {
  const content = pdf();
  const send = () => place.put("shop.receipts_in/same.pdf?order_id=o-2", content);
  const before = (await place.objects("blobs")).length;
  const both = await Promise.all([send(), send()]);
  expect(new Set(both.map(({ status }) => status))).toEqual(new Set([200, 201]));
  await place.stage.platform.runUntilIdle({});
  const again = await send();
  expect([again.status, again.files[0]?.state, again.files[0]?.blob?.id]).toEqual([
    200,
    "repeated",
    both[0]?.files[0]?.blob?.id,
  ]);
  expect((await place.put("shop.receipts_in/same.pdf?order_id=o-3", content)).status).toBe(201);
  await place.stage.platform.runUntilIdle({});
  expect((await place.stage.get("/data/shop/receipts?name=eq.same.pdf&select=order_id&order=order_id")).json).toEqual([
    { order_id: "o-2" },
    { order_id: "o-3" },
  ]);
  expect((await place.objects("blobs")).length).toBe(before + 2);
});

it("lets the contract judge the fields, and keeps what it refuses in quarantine", async () => {
  const sent = await place.put("shop.receipts_in/bad.pdf?order_id=nonsense", pdf());
  expect([sent.status, sent.code]).toEqual([422, "upload-rejected"]);
  await place.stage.platform.runUntilIdle({});
  expect((await place.stage.get("/admin/quarantine?state=open")).text).toContain("receipts.order_id.pattern");
});

it.each([
  [
    "another type than it was sent as",
    "t1.png",
    pdf(),
    { "content-type": "image/png" },
    415,
    "upload-type-refused",
    "receipts.upload.type",
  ],
  [
    "a type that the channel does not take",
    "t2.exe",
    Buffer.from(`MZ${"x".repeat(90)}`),
    {},
    415,
    "upload-type-refused",
    "receipts.upload.type",
  ],
  [
    "a page that was sent as a table",
    "t3.csv",
    Buffer.from("<html><script>1</script>"),
    { "content-type": "text/csv" },
    415,
    "upload-type-refused",
    "receipts.upload.type",
  ],
  ["too many bytes", "t4.pdf", pdf(300_000), {}, 413, "upload-too-large", "receipts.upload.too-large"],
  ["no bytes", "t5.pdf", Buffer.alloc(0), {}, 422, "upload-empty", "receipts.upload.empty"],
  [
    "another checksum",
    "t6.pdf",
    pdf(),
    { "x-checksum-sha256": "0".repeat(64) },
    422,
    "upload-checksum",
    "receipts.upload.checksum",
  ],
  [
    "another digest",
    "t7.pdf",
    pdf(),
    { "content-digest": `sha-512=:${Buffer.alloc(64).toString("base64")}:` },
    422,
    "upload-checksum",
    "receipts.upload.checksum",
  ],
] as const)(
  "refuses %s, keeps no content, and says so in quarantine once",
  async (_what, name, content, headers, status, code, rule) => {
    const before = (await place.objects("blobs")).length;
    const path = `shop.receipts_in/${name}?order_id=o-9`;
    const sent = [await place.put(path, content, headers), await place.put(path, content, headers)];
    expect(sent.map((one) => [one.status, one.code])).toEqual([
      [status, code],
      [status, code],
    ]);
    expect((await place.objects("blobs")).length).toBe(before);
    const rows = await place.query(
      "SELECT reasons FROM millrace.quarantine WHERE list_contains(codes, ?) AND contains(original, ?)",
      [rule, name],
    );
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows[0])).toContain(name);
  },
);

it("compares checksums of each kind that are right", async () => {
  const content = pdf();
  const sha256 = createHash("sha256").update(content).digest();
  for (const headers of [
    { "x-checksum-sha256": sha256.toString("hex") },
    { "content-digest": `sha-256=:${sha256.toString("base64")}:` },
    { digest: `MD5=abc, SHA-256=${sha256.toString("base64")}` },
  ])
    expect((await place.put("shop.receipts_in/sum.pdf?order_id=o-4", content, headers)).status).toBeLessThan(202);
  expect((await place.put("shop.receipts_in/sum.pdf", content, { digest: "md5=abc" })).code).toBe("request-invalid");
  const data = formOf([["f.pdf", content, "application/pdf"]], { order_id: "o-4" });
  const headers = { "content-digest": `sha-256=:${sha256.toString("base64")}:` };
  expect((await place.post("shop.receipts_in", data, headers)).code).toBe("upload-checksum");
});

it("judges each file of a form by itself", async () => {
  const sent = await place.post(
    "shop.receipts_in",
    formOf(
      [
        ["a.pdf", pdf(), ""],
        ["b.pdf", Buffer.from("MZ........"), ""],
        ["c.png", png, ""],
      ],
      { order_id: "o-5" },
    ),
  );
  expect([sent.status, sent.files.map(({ state, error }) => error?.code ?? state)]).toEqual([
    201,
    ["accepted", "upload-type-refused", "accepted"],
  ]);
});

it("keeps the content of refused files where that is declared, and takes them when they are re-admitted", async () => {
  const content = pdf();
  expect((await place.put("shop.kept_in/k.pdf", content)).code).toBe("upload-type-refused");
  const found = await place.query(
    "SELECT batch, row_no FROM millrace.quarantine WHERE channel = 'shop.kept_in' AND state = 'open'",
  );
  expect(found).toHaveLength(1);
  const outcome = await place.stage.platform.quarantineAct({
    id: "take-it",
    kind: "readmit",
    by: "test",
    selection: { table: "shop.kept" },
  });
  expect(outcome).toMatchObject({ readmitted: 1n });
  const rows = (await place.stage.get("/data/shop/kept?select=id,size")).json as readonly {
    id: string;
    size: number;
  }[];
  const back = await fetch(`${place.origin}/blob/shop/kept/${rows[0]?.id ?? ""}`, { headers: auth });
  expect(Buffer.from(await back.arrayBuffer()).equals(content)).toBe(true);
});
