// Files behind HTTP addresses, on a real server: lists and links, what is not fetched twice, what is resumed, and what is no file at all.
import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Arrival } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { env, secret } from "../../authoring/references.ts";
import { bearer } from "../../rest/authentication.ts";
import { apiServer, type ApiServer, type SeenRequest } from "../../testing/api-server.ts";
import type { ChannelHarness } from "../../testing/channel-harness.ts";
import { fileChannel, header, paths, Promotion } from "../../testing/promotion-files.ts";
import type { FilesOptions } from "../files-config.ts";
import { archive, files, http } from "../files.ts";
import type { HttpPlaceOptions } from "./place-config.ts";

interface Served {
  readonly body: string;
  readonly type?: string;
  readonly status?: number;
  /** Answers without validators. */
  readonly bare?: boolean;
  /** Cuts the first download after so many bytes. */
  cutAfter?: number;
}

/** Serves like a web server does: HEAD, ETag, ranges. */
async function fileServer(
  served: Record<string, Served>,
  demand?: (request: SeenRequest) => boolean,
): Promise<ApiServer> {
  return apiServer((request, response) => {
    const file = served[request.url.pathname];
    if (demand !== undefined && !demand(request)) response.writeHead(401).end();
    else if (file === undefined) response.writeHead(404, { "content-type": "text/html" }).end("<html>not here</html>");
    else send(request, response, file);
  });
}

function send(request: SeenRequest, response: ServerResponse, file: Served): void {
  const bytes = Buffer.from(file.body);
  const etag = `"${createHash("md5").update(bytes).digest("hex")}"`;
  const validators = file.bare === true ? {} : { etag, "last-modified": "Mon, 05 Jan 2026 10:00:00 GMT" };
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? "");
  const whole = range === null || request.headers["if-range"] !== etag;
  const part = bytes.subarray(whole ? 0 : Number(range[1]));
  const head = { "content-type": file.type ?? "text/csv", "content-length": part.byteLength, ...validators };
  response.writeHead(file.status ?? (whole ? 200 : 206), head);
  if (request.method === "HEAD") response.end();
  else if (file.cutAfter !== undefined) {
    response.write(part.subarray(0, file.cutAfter), () => response.destroy());
    delete file.cutAfter;
  } else response.end(part);
}

const one = `${header}a,1,\n`;

function channel(
  place: HttpPlaceOptions,
  options: Partial<FilesOptions> & { readonly pattern?: string } = {},
): Promise<ChannelHarness> {
  return fileChannel({ from: http(place), pattern: "*.csv", ...options }, { env: { TOKEN: "t0ken", BASE: "" } });
}

function gets(server: ApiServer): string[] {
  return server.seen.filter(({ method }) => method === "GET").map(({ url }) => url.pathname);
}

describe("addresses", () => {
  it("are fetched once while they stay the same, also by a new process, and again when they change", async () => {
    const served: Record<string, Served> = { "/x/a.csv": { body: one } };
    await using server = await fileServer(served);
    await using harness = await channel({ urls: [`${server.address}/x/a.csv`] });
    const arrivals = await harness.drain();
    expect(paths(arrivals)).toEqual([[`127.0.0.1:${new URL(server.address).port}/x/a.csv`]]);
    expect(await harness.contents(arrivals[0] as Arrival)).toEqual([one]);
    await harness.restart();
    expect(await harness.drain()).toEqual([]);
    expect(gets(server)).toEqual(["/x/a.csv"]);
    served["/x/a.csv"] = { body: `${header}a,2,\n` };
    expect((await harness.drain())[0]?.replacesBatches).toEqual([1n]);
    expect(gets(server)).toHaveLength(2);
  });

  it("without ETag and time are compared by content", async () => {
    await using server = await fileServer({ "/a.csv": { body: one, bare: true } });
    await using harness = await channel({ urls: [`${server.address}/a.csv`] });
    expect(await harness.drain()).toHaveLength(1);
    await harness.restart();
    expect(await harness.drain()).toEqual([]);
    expect(gets(server)).toHaveLength(2);
  });

  it("go on where a download was cut off", async () => {
    const body = header + Array.from({ length: 20_000 }, (_, at) => `${at},1,\n`).join("");
    await using server = await fileServer({ "/a.csv": { body, cutAfter: 100_000 } });
    await using harness = await channel({ urls: [`${server.address}/a.csv`] });
    const [arrival] = await harness.drain();
    expect((await harness.contents(arrival as Arrival)).join("") === body).toBe(true);
    expect(server.seen.at(-1)?.headers.range).toMatch(/^bytes=[1-9]\d*-$/);
  });

  it("that answer 404 are told, and the others are loaded", async () => {
    await using server = await fileServer({ "/a.csv": { body: one } });
    await using harness = await channel({ urls: [`${server.address}/gone.csv`, `${server.address}/a.csv`] });
    await expect(harness.drain()).rejects.toMatchObject({
      code: "file-inaccessible",
      message: expect.stringMatching(/\/gone\.csv cannot be read: the server answered 404$/),
    });
    expect(harness.known.size).toBe(1);
  });

  it("that answer with a page of HTML are refused once", async () => {
    const page = { body: "<!doctype html><title>Log in</title>", type: "text/html; charset=utf-8" };
    await using server = await fileServer({ "/a.csv": page });
    await using harness = await channel({ urls: [`${server.address}/a.csv`] });
    expect(await harness.drain()).toEqual([]);
    await harness.drain();
    expect(harness.refused).toMatchObject([
      { error: { code: "file-unreadable", message: expect.stringContaining("HTML page") } },
    ]);
  });

  it("of files that are too large are refused", async () => {
    await using server = await fileServer({ "/a.csv": { body: one } });
    await using harness = await channel({ urls: [`${server.address}/a.csv`], bytesMax: 10 });
    await harness.drain();
    expect(harness.refused).toMatchObject([{ error: { code: "file-unreadable" } }]);
  });

  it("prove themselves, and a refusal does not show the proof", async () => {
    const served = { "/a.csv": { body: one } };
    await using server = await fileServer(served, ({ headers }) => headers.authorization === "Bearer t0ken");
    await using harness = await channel({ urls: [`${server.address}/a.csv`], auth: bearer(secret("TOKEN")) });
    expect(await harness.drain()).toHaveLength(1);
    await using refused = await channel({ urls: [`${server.address}/a.csv`] });
    await expect(refused.drain()).rejects.toMatchObject({ code: "file-inaccessible", details: { status: 401 } });
  });

  it("refuse private hosts that are not allowed", async () => {
    await using harness = await fileChannel(
      { from: http({ urls: ["http://127.0.0.1:1/a.csv"] }), pattern: "*.csv" },
      { allowAddresses: [] },
    );
    await expect(harness.drain()).rejects.toMatchObject({ code: "egress-refused" });
  });
});

describe("an index", () => {
  const a = { body: one };
  const b = { body: `${header}b,1,\n` };

  it.each([
    [
      "a page of links",
      "text/html",
      '<html><a href="../">up</a><a class=x href="a.csv">a</a> <A HREF=\'sub/b.csv?v=1&amp;w=2\'>b</A>',
    ],
    ["JSON", "application/json", JSON.stringify({ files: ["a.csv", { name: "sub/b.csv?v=1&w=2" }] })],
    ["lines", "text/plain", "# files\na.csv\n/exports/sub/b.csv?v=1&w=2\n"],
  ])("as %s names the files below it; elsewhere nothing is asked for", async (_, type, text) => {
    const elsewhere = type === "text/html" ? '<a href="https://elsewhere.example/c.csv">' : "";
    const index = { body: text + elsewhere, type };
    await using server = await fileServer({ "/exports/": index, "/exports/a.csv": a, "/exports/sub/b.csv": b });
    await using harness = await channel({ index: `${server.address}/exports/` }, { pattern: "**/*.csv" });
    expect(
      paths(await harness.drain())
        .flat()
        .sort(),
    ).toEqual(["a.csv", "sub/b.csv?v=1&w=2"]);
  });

  it("whose file is gone keeps its rows, or lets them leave", async () => {
    const served: Record<string, Served> = {
      "/e/": { body: "a.csv\nb.csv", type: "text/plain" },
      "/e/a.csv": a,
      "/e/b.csv": b,
    };
    await using server = await fileServer(served);
    await using harness = await channel({ index: `${server.address}/e/` }, { onDelete: "remove", write: "append" });
    expect(paths(await harness.drain())).toEqual([["a.csv", "b.csv"]]);
    served["/e/"] = { body: "b.csv", type: "text/plain" };
    expect(await harness.drain()).toEqual([]);
    delete served["/e/a.csv"];
    expect((await harness.drain())[0]?.removesFiles).toEqual(["a.csv"]);
  });

  it("that cannot be read is told", async () => {
    await using server = await fileServer({});
    await using harness = await channel({ index: `${server.address}/e/` });
    await expect(harness.drain()).rejects.toMatchObject({ code: "file-inaccessible", details: { status: 404 } });
  });
});

it.each([
  [{ from: http({}) }, 'has either "urls" or "index"'],
  [{ from: http({ urls: ["a.csv"] }) }, "are whole addresses"],
  [
    { from: http({ urls: ["https://a.example/a", "https://b.example/b"], auth: bearer(secret("T")) }) },
    "go to one host",
  ],
  [{ from: http({ index: env("X") }), every: "on-arrival" }, "cannot tell of arrivals"],
  [{ from: http({ index: env("X") }), after: archive("done") }, "stay where they are"],
  [{ from: http({ index: env("X") }), folder: "x" }, '"folder" is a folder of this machine'],
  [{ from: "https://a.example" as never }, '"from" is made with http({...}) or sftp({...})'],
])("refuses %j", (options, message) => {
  expect(() => files("*.csv", { into: Promotion, ...options })).toThrow(message);
});
