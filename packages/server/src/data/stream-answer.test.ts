// Large results: streamed in every form, bounded in number, and never taken for whole when they break off.
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { MillraceError, type ResultStream, type SqlValue } from "@millrace/core";
import { openStage, stageToken, type ServedStage } from "../testing/served-stage.ts";
import { rowWriter } from "./answer/row-writer.ts";
import { dataLimits } from "./data-service.ts";
import { openRowStream } from "./stream-answer.ts";

let stage: ServedStage;
let port: number;

beforeAll(async () => {
  stage = await openStage();
  await stage.load(
    "shop.things_in",
    Array.from({ length: 6_000 }, (_, at) => ({ small: at, label: `row ${at}` })),
  );
  port = (await stage.server.listen({ host: "127.0.0.1", port: 0 })).port ?? 0;
});

afterAll(() => stage.close());

const everything = "/data/shop/things?select=small,label&order=small&limit=20000";

it("has the same rows in every form", async () => {
  const json = await stage.get(everything);
  expect(json.json).toHaveLength(6_000);
  expect(json.headers["etag"]).toBeDefined();
  const lines = (await stage.get(everything, { accept: "application/x-ndjson" })).text.trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(json.json);
  const csv = (await stage.get(everything, { accept: "text/csv" })).text.trimEnd().split("\n");
  expect([csv.length, csv[0], csv[6_000]]).toEqual([6_001, "small,label", "5999,row 5999"]);
  const none = "/data/shop/things?select=small&small=eq.-1&limit=20000";
  expect((await stage.get(none)).text).toBe("[]");
  expect((await stage.get(none, { accept: "text/csv" })).text).toBe("small\n");
  expect((await stage.get(everything, { "if-none-match": json.headers["etag"] ?? "" })).status).toBe(304);
});

it("answers a statement that fails at once with its code", async () => {
  const { status, json } = await stage.get("/data/shop/things?select=label::int&limit=20000");
  expect([status, json]).toMatchObject([400, { code: "query-failed" }]);
});

const spill = { folder: join(tmpdir(), "millrace-answers"), memoryBytesMax: 10, fileBytesMax: 1_000_000 };

function chunksThenFailure(): ResultStream {
  return {
    columns: [],
    async *[Symbol.asyncIterator](): AsyncGenerator<readonly (readonly SqlValue[])[]> {
      yield [[1], [2]];
      await Promise.resolve();
      throw new MillraceError("result-truncated", "The result ended before its last row.");
    },
  };
}

it("destroys the body when the result breaks off, and lets go of what it held", async () => {
  let ended = 0;
  const writer = rowWriter("json", [{ name: "a", sql: "a", type: { kind: "int32" } }]);
  const body = await openRowStream(chunksThenFailure(), writer, {
    onEnd: () => (ended += 1),
    onFault: (thrown) => thrown as Error,
    spill,
  });
  const read = async (): Promise<string> => {
    let text = "";
    for await (const chunk of body) text += String(chunk);
    return text;
  };
  await expect(read()).rejects.toMatchObject({ code: "result-truncated" });
  expect(ended).toBe(1);
});

it("lets go when the client leaves before it has read a byte", async () => {
  let ended = 0;
  const writer = rowWriter("json", [{ name: "a", sql: "a", type: { kind: "int32" } }]);
  const body = await openRowStream(chunksThenFailure(), writer, {
    onEnd: () => (ended += 1),
    onFault: (thrown) => thrown as Error,
    spill,
  });
  body.destroy();
  await new Promise((resolve) => body.once("close", resolve));
  expect(ended).toBe(1);
});

it("reads the warehouse to its end while a client takes nothing, and gives it everything later", async () => {
  let released = 0;
  const chunks = 300;
  const rows: ResultStream = {
    columns: [],
    async *[Symbol.asyncIterator](): AsyncGenerator<readonly (readonly SqlValue[])[]> {
      try {
        for (let at = 0; at < chunks; at += 1) {
          yield [[at], ["x".repeat(1_000)]];
          await Promise.resolve();
        }
      } finally {
        released += 1;
      }
    },
  };
  const writer = rowWriter("ndjson", [{ name: "a", sql: "a", type: { kind: "string" } }]);
  const body = await openRowStream(rows, writer, {
    onEnd: () => undefined,
    onFault: (thrown) => thrown as Error,
    spill,
  });
  await expect.poll(() => released).toBe(1);
  let text = "";
  for await (const chunk of body) text += String(chunk);
  const lines = text.trimEnd().split("\n");
  expect(lines).toHaveLength(2 * chunks);
  expect(lines.filter((_, at) => at % 2 === 0)).toEqual(Array.from({ length: chunks }, (_, at) => `{"a":"${at}"}`));
});

it("refuses more streams than the bound, and takes new ones when clients have left", async () => {
  // Long rows, so that no answer fits into the sockets' buffers and none ends while nobody reads.
  const long = Array.from({ length: 800 }, () => ({ flag: true, label: "x".repeat(1_000) }));
  await stage.load("shop.things_in", long);
  const wide = Array.from({ length: 30 }, (_, at) => `c${at}:label`).join(",");
  const path = `/data/shop/things?select=${wide}&flag=is.true&limit=20000`;
  const calls = await Promise.all(Array.from({ length: dataLimits.streamsMax + 2 }, () => open(path)));
  const refused = calls.filter(({ status }) => status === 503);
  expect([refused.length, calls.length - refused.length]).toEqual([2, dataLimits.streamsMax]);
  expect(refused[0]?.retryAfter).toBe("1");
  for (const call of calls) call.leave();
  await expect.poll(async () => (await stage.get(everything)).status, { timeout: 5_000 }).toBe(200);
});

interface OpenCall {
  readonly status: number;
  readonly retryAfter: string | undefined;
  leave(): void;
}

function open(path: string): Promise<OpenCall> {
  return new Promise((resolve, reject) => {
    const call = request({ port, path, headers: { authorization: `Bearer ${stageToken}` } });
    call.on("response", (response) => {
      response.on("error", () => undefined);
      const retryAfter = response.headers["retry-after"];
      resolve({ status: response.statusCode ?? 0, retryAfter, leave: () => call.destroy() });
    });
    call.on("error", reject);
    call.end();
  });
}
