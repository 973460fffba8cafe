// Uploads that are refused as a whole, through a real socket: the sender learns why, and nothing is half kept.
import { afterAll, beforeAll, expect, it } from "vitest";
import { auth, formOf, pdf, UploadStage, type Uploaded } from "../testing/upload-stage.ts";

const place = new UploadStage();
beforeAll(() => place.open());
afterAll(() => place.close());

const nothing = async (run: () => Promise<Uploaded>): Promise<readonly [number, string | undefined]> => {
  const before = await place.objects("");
  const { status, code } = await run();
  expect(await place.objects("")).toEqual(before);
  return [status, code];
};

it.each(["..%2f..%2fetc%2fpasswd", "a%5cb.pdf", "a%00b.pdf", "x".repeat(300), "a%e2%80%aefdp.exe"])(
  "name %s",
  async (name) => {
    expect(await nothing(() => place.put(`shop.receipts_in/${name}?order_id=o-1`, pdf()))).toEqual([
      400,
      "upload-name-invalid",
    ]);
  },
);

it("a path in a form, also behind a good file", async () => {
  const files = [
    ["good.pdf", pdf(), ""],
    ["../../evil.pdf", pdf(), ""],
  ] as const;
  expect(await nothing(() => place.post("shop.receipts_in", formOf(files, { order_id: "o-1" })))).toEqual([
    400,
    "upload-name-invalid",
  ]);
});

it("too many files or fields, fields of our own, fields twice, no file", async () => {
  const many = [1, 2, 3, 4].map((at) => [`${at}.pdf`, pdf(10), ""] as const);
  expect(await nothing(() => place.post("shop.receipts_in", formOf(many)))).toEqual([413, "upload-too-many-parts"]);
  const fields = Object.fromEntries(Array.from({ length: 120 }, (_none, at) => [`f${at}`, "x"]));
  expect(await nothing(() => place.post("shop.receipts_in", formOf([["a.pdf", pdf(10), ""]], fields)))).toEqual([
    413,
    "upload-too-many-parts",
  ]);
  expect(await nothing(() => place.put("shop.receipts_in/a.pdf?object=blobs/other", pdf()))).toEqual([
    400,
    "request-invalid",
  ]);
  expect(await nothing(() => place.put("shop.receipts_in/a.pdf?note=1&note=2", pdf()))).toEqual([
    400,
    "request-invalid",
  ]);
  expect(await nothing(() => place.post("shop.receipts_in", formOf([], { order_id: "o-1" })))).toEqual([
    400,
    "request-invalid",
  ]);
});

it("compressed requests, other bodies, unknown channels, no token", async () => {
  expect(await nothing(() => place.put("shop.receipts_in/a.pdf", pdf(), { "content-encoding": "gzip" }))).toEqual([
    415,
    "media-type-unsupported",
  ]);
  const raw = (): Promise<Uploaded> => place.send("shop.receipts_in", { method: "POST", headers: auth, body: "x" });
  expect(await nothing(raw)).toEqual([415, "media-type-unsupported"]);
  const noBoundary = { ...auth, "content-type": "multipart/form-data" };
  expect(
    await nothing(() => place.send("shop.receipts_in", { method: "POST", headers: noBoundary, body: "x" })),
  ).toEqual([400, "request-invalid"]);
  expect(await nothing(() => place.put("shop.receipt_in/a.pdf", pdf()))).toEqual([404, "channel-not-found"]);
  expect((await fetch(`${place.origin}/upload/shop.receipts_in/a.pdf`, { method: "PUT", body: "x" })).status).toBe(401);
});

it("forms that end inside a part", async () => {
  const boundary = "b0undary";
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n`;
  for (const body of [`${head}%PDF-1.7 and no end`, head, "--other\r\n"]) {
    const headers = { ...auth, "content-type": `multipart/form-data; boundary=${boundary}` };
    const [status] = await nothing(() => place.send("shop.receipts_in", { method: "POST", headers, body }));
    expect(status).toBe(400);
  }
});

const line = "PUT /upload/shop.receipts_in/a.pdf?order_id=o-1";

it("more than the limit, before anything of it is read", async () => {
  const sent = nothing(() => place.byHand(line, { headers: { "content-length": "99999999" }, body: "%PDF-" }));
  expect(await sent).toEqual([413, "upload-too-large"]);
});

it("senders that stand still, are too slow, or go away", async () => {
  const sent = { headers: { "content-length": "5000" }, body: "%PDF-1.7" };
  expect(await nothing(() => place.byHand(line, sent))).toEqual([408, "upload-timeout"]);
  expect(await nothing(() => place.byHand(line, sent, { dripMs: 100 }))).toEqual([408, "upload-timeout"]);
  const before = await place.objects("");
  await place.byHand(line, sent, { leaveMs: 50 });
  await expect
    .poll(() => place.stage.metrics.render())
    .toContain('millrace_http_errors_total{code="upload-interrupted"}');
  expect(await place.objects("")).toEqual(before);
});
