// What the command line asks of a running instance: answers, long work line by line, cancelling, and which SQL may be run.
import { request, type ClientRequest, type IncomingMessage } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MillraceError } from "@millrace/core";
import type { Operations } from "../server-parts.ts";
import { requireReadable } from "./readable-statement.ts";
import { openStage, stageToken, type Answer, type ServedStage } from "../testing/served-stage.ts";

let stage: ServedStage;
let backup: Operations["backup"] = () => Promise.resolve({});
let stopped = 0;

beforeAll(async () => {
  stage = await openStage({
    operations: { backup: (folder, options) => backup(folder, options), stop: () => (stopped += 1) },
  });
  await stage.load("shop.orders_in", [
    { id: 1, customer: "Ann", price: "10.50", changed: 1 },
    { id: 2, customer: "Ben", price: "-1", changed: 1 },
    { id: "9007199254740993", price: "2.00", changed: 1 },
  ]);
});

afterAll(() => stage.close());

function post(url: string, body: object | string): Promise<Answer> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return stage.send("POST", url, { body: text, headers: { "content-type": "application/json" } });
}

describe("queries", () => {
  it("answer a SELECT with exact values", async () => {
    const sql = `SELECT id, price, [1] AS list, 'ab'::BLOB AS bytes FROM shop.orders ORDER BY id; -- all`;
    const { status, text } = await post("/admin/query", { sql });
    expect([status, text]).toEqual([
      200,
      '{"columns":[{"name":"id","type":"int64"},{"name":"price","type":"decimal(12,2)"},{"name":"list","type":"list<int32>"},{"name":"bytes","type":"bytes"}],' +
        '"rows":[[1,"10.50",[1],"YWI="],[9007199254740993,"2.00",[1],"YWI="]]}',
    ]);
    expect((await post("/admin/query", { sql: "SELECT count(*) FROM millrace.ledger" })).json).toMatchObject({
      rows: [[1]],
    });
    expect(
      (await post("/admin/query", { sql: "WITH o AS (FROM shop.orders) SELECT count(*) FROM o, range(2)" })).json,
    ).toMatchObject({ rows: [[4]] });
  });

  const refused = [
    "DELETE FROM shop.orders",
    "DROP TABLE shop.orders",
    "SELECT 1; DELETE FROM shop.orders",
    "CALL enable_logging(storage='file')",
    "COPY shop.orders TO 'x.csv'",
    "ATTACH 'x.duckdb'",
    "PRAGMA version",
    "SET threads = 1",
    "SELECT * FROM read_text('owner.lock')",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM (SELECT * FROM query_table('store.x'))",
    "WITH x AS (FROM glob('*')) SELECT * FROM x",
  ];

  it.each(refused)("are refused when they are more than that: %s", async (sql) => {
    const { status, json } = await post("/admin/query", { sql });
    expect([status, json]).toMatchObject([403, { code: "query-refused" }]);
    expect((await stage.get("/data/shop/orders?select=id")).json).toHaveLength(2);
  });

  it.each([
    "SELECT original FROM millrace.quarantine",
    "SELECT count(*) FROM shop.orders AS o, (FROM Millrace.QUARANTINE) AS q",
    "WITH quarantine AS (SELECT 1) SELECT (SELECT any_value(repaired) FROM millrace.quarantine)",
  ])("show quarantined records to operators alone: %s", async (sql) => {
    const { warehouse } = stage.platform;
    await expect(requireReadable(sql, warehouse, { showPii: false })).rejects.toMatchObject({
      code: "forbidden",
      details: { permission: "platform.operate" },
    });
    expect((await post("/admin/query", { sql })).status).toBe(200);
  });

  it("leave the rest of the system tables to everyone who may query", async () => {
    const sql = "WITH quarantine AS (SELECT 1) SELECT * FROM quarantine, millrace.rule_results";
    await expect(requireReadable(sql, stage.platform.warehouse, { showPii: false })).resolves.toBeUndefined();
  });

  it("name the table that was meant", async () => {
    const message = async (sql: string): Promise<unknown> =>
      ((await post("/admin/query", { sql })).json as { message: string }).message;
    expect(await message("SELECT * FROM orders")).toContain("write shop.orders");
    expect(await message("SELECT * FROM shop.order")).toContain('did you mean "shop.orders"?');
    expect(await message("SELECT * FROM 'x.csv'")).toContain("There is no table");
    expect(await message("SELECT * FROM information_schema.tables")).toContain("There is no table");
    expect(await message("SELEC 1")).toContain("syntax error");
    const physical = await post("/admin/query", { sql: "SELECT * FROM store.anything" });
    expect(physical.json).toMatchObject({ code: "query-refused" });
  });

  it("are bounded", async () => {
    const sql = "SELECT * FROM range(2000)";
    expect((await post("/admin/query", { sql })).json).toMatchObject({ code: "query-failed" });
    expect((await post("/admin/query", { sql, rowsMax: 2000 })).json).toMatchObject({ rows: expect.any(Array) });
    expect((await post("/admin/query", { sql, rowsMax: 1_000_001 })).json).toMatchObject({ code: "request-invalid" });
    for (const body of ["", "{oops", "[]", "7", '{"sql":7}'])
      expect((await post("/admin/query", body)).json).toMatchObject({ code: "request-invalid" });
  });
});

describe("lists", () => {
  it("tell status, batches and quarantine, personal data hidden", async () => {
    expect((await stage.get("/admin/status")).json).toMatchObject({
      project: "stage",
      ready: true,
      quarantine: { open: 1 },
    });
    expect((await stage.get("/admin/batches?channel=shop.orders_in&limit=5")).json).toMatchObject({
      batches: [{ received: 3, accepted: 2, quarantined: 1 }],
    });
    const { rows } = (await stage.get("/admin/quarantine?state=all&table=shop.orders")).json as {
      rows: { batch: number; row: number; original: string }[];
    };
    expect(rows).toHaveLength(1);
    expect(rows[0]?.original).not.toContain("Ben");
    const url = `/admin/quarantine/${rows[0]?.batch}/${rows[0]?.row}`;
    expect((await stage.get(url)).text).not.toContain("Ben");
    expect((await stage.get(`${url}?showPii=true`)).text).toContain("Ben");
    expect((await stage.get("/admin/quarantine/99/1")).json).toMatchObject({ code: "quarantine-not-found" });
    expect((await stage.get("/admin/quarantine?limit=0")).json).toMatchObject({ code: "request-invalid" });
    expect((await stage.get("/admin/batches?chanel=x")).json).toMatchObject({ code: "request-invalid" });
  });

  it("repair, re-admit and discard rejected rows, in the caller's own name", async () => {
    const { rows } = (await stage.get("/admin/quarantine?table=shop.orders")).json as {
      rows: { batch: number; row: number }[];
    };
    const selection = { batch: rows[0]?.batch, row: rows[0]?.row };
    const change = { kind: "values", set: { price: "1.00" } };
    const tried = await post("/admin/quarantine/fix", { id: "t", selection, change, dryRun: true });
    expect(tried.json).toMatchObject({ rows: 1, readmitted: 1, dryRun: true, samples: [{ state: "readmitted" }] });
    expect(tried.text).not.toContain("Ben");
    const fix = { id: "f", selection, change, by: "somebody else", reason: "typing error" };
    expect((await post("/admin/quarantine/fix", fix)).json).toMatchObject({ rows: 1, readmitted: 0 });
    const shown = await stage.get(`/admin/quarantine/${selection.batch}/${selection.row}`);
    expect(shown.json).toMatchObject({
      state: "open",
      actions: [{ kind: "fix", by: "token:admin", reason: "typing error" }],
    });
    expect((await post("/admin/quarantine/readmit", { id: "r", selection })).json).toMatchObject({ readmitted: 1 });
    for (const [kind, body] of [
      ["discard", { id: "d", selection: {}, reason: "r" }],
      ["discard", { selection, reason: "r" }],
      ["discard", { id: "d", selection: { ...selection, rows: 3 }, reason: "r" }],
      ["fix", { id: "x", selection, change: { kind: "sql", set: { price: 5 } } }],
      ["fix", { id: "x", selection, change: { kind: "magic" } }],
      ["fix", { id: "x", selection, change: { kind: "records", records: [5] } }],
      ["readmit", { id: "x", selection, dryRun: "yes" }],
    ] as const)
      expect((await post(`/admin/quarantine/${kind}`, body)).json).toMatchObject({ code: "request-invalid" });
    const page = await stage.get(`/admin/quarantine?state=all&after=${selection.batch}:${selection.row}`);
    expect((page.json as { rows: object[] }).rows).toEqual([]);
  });

  it("tell what a project would change", async () => {
    expect((await post("/admin/plan", {})).json).toMatchObject({ conflicts: [] });
    const project = { ...stage.platform.project, domains: [] };
    expect((await post("/admin/plan", { project })).json).toMatchObject({
      changes: expect.arrayContaining([expect.objectContaining({ action: "retire" })]),
    });
    expect((await post("/admin/plan", { project: 7 })).json).toMatchObject({ code: "request-invalid" });
  });

  it("load a batch again", async () => {
    expect((await post("/admin/replay", { batch: 1 })).json).toMatchObject({ kind: "replay", received: 3 });
    expect((await post("/admin/replay", { batch: 77 })).json).toMatchObject({ code: "batch-not-found" });
    expect((await post("/admin/replay", { batch: "x" })).json).toMatchObject({ code: "request-invalid" });
  });
});

describe("long work", () => {
  const linesOf = (text: string): unknown[] =>
    text
      .trim()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as unknown);

  it("answers line by line, the outcome last", async () => {
    const run = await post("/admin/run", {});
    expect(run.headers["content-type"]).toBe("application/x-ndjson; charset=utf-8");
    expect(linesOf(run.text).at(-1)).toMatchObject({ result: { errors: [] } });
    backup = (folder, { onProgress }) => {
      onProgress({ subject: folder, done: 1, unit: "bytes" });
      return Promise.resolve({ bytes: 9_007_199_254_740_993n });
    };
    const { text } = await post("/admin/backup", { folder: "/b" });
    expect(text).toBe('{"progress":{"subject":"/b","done":1,"unit":"bytes"}}\n{"result":{"bytes":9007199254740993}}\n');
    backup = () => Promise.reject(new MillraceError("storage-full", "no room in /b"));
    expect(linesOf((await post("/admin/backup", { folder: "/b" })).text)).toMatchObject([
      { error: { code: "storage-full" } },
    ]);
    expect((await post("/admin/backup", {})).json).toMatchObject({ code: "request-invalid" });
  });

  it("is cancelled when the client closes", async () => {
    const cancelled = Promise.withResolvers<unknown>();
    backup = (_folder, { signal, onProgress }) =>
      new Promise((_resolve, reject) => {
        onProgress({ subject: "x", done: 1, unit: "bytes" });
        signal.addEventListener("abort", () => {
          cancelled.resolve(signal.reason);
          reject(signal.reason as Error);
        });
      });
    const { port = 0 } = await stage.server.listen({ host: "127.0.0.1", port: 0 });
    const call = open(port);
    call.end('{"folder":"/b"}');
    const [response] = await once(call);
    await new Promise((resolve) => response.once("data", resolve));
    call.destroy();
    expect(await cancelled.promise).toMatchObject({ code: "cancelled" });
  });

  it("stops the process only after its answer", async () => {
    const { status, json } = await post("/admin/stop", {});
    expect([status, json]).toEqual([202, { stopping: true }]);
    await expect.poll(() => stopped).toBe(1);
  });
});

function open(port: number): ClientRequest {
  const headers = { authorization: `Bearer ${stageToken}`, "content-type": "application/json" };
  const call = request({ port, path: "/admin/backup", method: "POST", headers });
  call.on("error", () => undefined);
  return call;
}

function once(call: ClientRequest): Promise<[IncomingMessage]> {
  return new Promise((resolve) =>
    call.once("response", (response) => {
      response.on("error", () => undefined);
      resolve([response]);
    }),
  );
}

describe("deliveries", () => {
  it("are listed, and actions on unknown ones are refused", async () => {
    expect((await stage.get("/admin/deliveries")).json).toEqual({ deliveries: [] });
    expect((await stage.get("/admin/deliveries/shop.none")).json).toMatchObject({ code: "delivery-not-found" });
    expect((await stage.get("/admin/deliveries/shop.none?state=open")).json).toMatchObject({ code: "request-invalid" });
    for (const kind of ["replay", "discard", "pause", "resume", "reconcile"]) {
      const { status, json } = await post(`/admin/deliveries/${kind}`, { delivery: "shop.none" });
      expect([status, json]).toMatchObject([404, { code: "delivery-not-found" }]);
    }
    expect((await post("/admin/deliveries/replay", { delivery: "a.b", rows: [-1] })).json).toMatchObject({
      code: "request-invalid",
    });
  });

  it("hold rows that only operators may query", async () => {
    const { warehouse } = stage.platform;
    for (const table of ["outbox", "delivery_keys"])
      await expect(
        requireReadable(`SELECT * FROM millrace.${table}`, warehouse, { showPii: false }),
      ).rejects.toMatchObject({ code: "forbidden" });
  });
});
