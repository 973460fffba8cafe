// Real processes: serve, reload, be asked by a second process, be killed, be in each other's way.
import { appendFileSync, cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { millrace, ServingProcess, type Ended } from "./millrace-process.ts";

let root: string;
let pristine: string;
let shop: string;
let serving: ServingProcess | undefined;

beforeAll(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "millrace-e2e-")));
  pristine = join(root, "pristine");
  expect(await millrace(root, ["init", "pristine"])).toMatchObject({ code: 0 });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

beforeEach(() => {
  shop = join(root, `shop-${Math.random().toString(36).slice(2)}`);
  cpSync(pristine, shop, { recursive: true });
});
afterEach(async () => {
  await serving?.kill();
  serving = undefined;
});

function dev(...args: string[]): ServingProcess {
  serving = new ServingProcess(shop, ["dev", "--json", "--port", "0", ...args]);
  return serving;
}

function edit(file: string, change: (text: string) => string): void {
  const path = join(shop, file);
  writeFileSync(path, change(readFileSync(path, "utf8")));
}

async function query(sql: string): Promise<unknown> {
  const { code, out, err } = await millrace(shop, ["query", "--json", sql]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return JSON.parse(out);
}

async function ready(process: ServingProcess): Promise<{ address: string; headers: Record<string, string> }> {
  const { address, tokenFile } = await process.next("ready");
  const token = readFileSync(String(tokenFile), "utf8").trim();
  return { address: String(address), headers: { authorization: `Bearer ${token}` } };
}

const view = (id: number): string =>
  JSON.stringify({
    view_id: `0198c0de-0000-7000-8000-${String(id).padStart(12, "0")}`,
    viewed_at: "2026-01-06T10:00:00Z",
    sku: "TS-0001",
  });

async function send(to: { address: string; headers: Record<string, string> }, lines: string[]): Promise<number> {
  const answer = await fetch(`${to.address}/ingest/sales.page_views`, {
    method: "POST",
    headers: { ...to.headers, "content-type": "application/x-ndjson" },
    body: `${lines.join("\n")}\n`,
  });
  return answer.status;
}

async function untilCount(table: string, count: number): Promise<void> {
  const deadlineMs = performance.now() + 20_000;
  for (;;) {
    const rows = (await query(`SELECT count(*) AS n FROM ${table}`)) as { n: number }[];
    if (rows[0]?.n === count) return;
    if (performance.now() > deadlineMs) expect(rows).toEqual([{ n: count }]);
  }
}

function failed(ended: Ended, code: string): void {
  expect(ended.code).toBe(2);
  expect(ended.err).toContain(`error [${code}]`);
  expect(ended.err).toContain("hint: ");
}

it("serves files and events, answers a second process, and stops on Ctrl-C", async () => {
  const server = dev();
  const { address, headers } = await ready(server);
  expect(await server.next("batches", ({ channel }) => channel === "sales.daily")).toMatchObject({
    received: 8,
    accepted: 5,
    quarantined: 3,
  });
  expect(await send({ address, headers }, [view(1), view(2)])).toBe(202);
  await server.next("batches", ({ channel }) => channel === "sales.page_views");
  const answer = await fetch(`${address}/data/sales/page_views?select=view_id`, { headers });
  expect(await answer.json()).toHaveLength(2);
  expect((await fetch(`${address}/data/sales/page_views`)).status).toBe(401);
  // The second process has the same answers through the first one's socket.
  expect(await query("SELECT count(*) AS n FROM sales.sales")).toEqual([{ n: 5 }]);
  expect((await millrace(shop, ["status"])).out).toContain("sales.page_views");
  expect((await millrace(shop, ["doctor"])).out).toContain(`in use by process ${server.child.pid}`);
  expect(await millrace(shop, ["backup", join(shop, "..", "backup-of-running")])).toMatchObject({ code: 0 });
  failed(await millrace(shop, ["restore", "--replace", join(shop, "..", "backup-of-running")]), "data-folder-locked");
  expect((await millrace(shop, ["run", "--json"])).out).toContain('"errors": []');
  const ended = await server.stop();
  expect(ended.code).toBe(0);
  // Nothing went wrong but the one call without a token, which leaves its line.
  expect(
    ended.err
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { msg: string }).msg),
  ).toEqual(["A call was refused."]);
  expect(await query("SELECT count(*) AS n FROM sales.page_views")).toEqual([{ n: 2 }]);
});

it("adopts changes while it serves; broken files and conflicts leave the project before in place", async () => {
  const server = dev();
  const { address, headers } = await ready(server);
  await server.next("batches");

  edit("domains/sales/contracts.ts", (text) =>
    text.replace("sku: t.string(),", "sku: t.string(),\n  device: t.string().optional(),"),
  );
  expect(await server.next("plan")).toMatchObject({
    adopted: true,
    changes: expect.arrayContaining([
      expect.objectContaining({ action: "add-columns", name: "sales.page_views", columns: ["device"] }),
    ]) as unknown,
  });
  expect(await send({ address, headers }, [view(1)])).toBe(202);

  const good = readFileSync(join(shop, "domains/sales/contracts.ts"), "utf8");
  edit("domains/sales/contracts.ts", (text) => `${text}\nconst broken: = 1;\n`);
  const broken = (await server.next("error")) as unknown as { error: { code: string; message: string } };
  expect(broken.error.code).toBe("project-code-failed");
  expect(broken.error.message).toContain(
    `${join(shop, "domains/sales/contracts.ts")}:${good.split("\n").length + 1}: `,
  );
  expect(await send({ address, headers }, [view(2)])).toBe(202);

  edit("domains/sales/contracts.ts", () => good.replace("quantity: t.int32().min(1)", "quantity: t.date()"));
  expect(await server.next("plan")).toMatchObject({ adopted: false, conflicts: [{ code: "contract-conflict" }] });
  expect(await send({ address, headers }, [view(3)])).toBe(202);
  await untilCount("sales.page_views", 3);
  expect(await query("SELECT count(*) AS n FROM sales.sales")).toEqual([{ n: 5 }]);

  edit("domains/sales/contracts.ts", () => good);
  edit("domains/sales/models/revenue_by_day.sql", (text) =>
    text.replace("count(*) AS sales", "count(*) AS sales, max(price) AS top"),
  );
  expect(await server.next("plan", ({ changes }) => JSON.stringify(changes).includes("revenue_by_day"))).toMatchObject({
    adopted: true,
  });
  edit("millrace.config.ts", (text) => text.replace('" });', '", server: { port: 4711 } });'));
  expect(await server.next("restart-needed")).toMatchObject({ settings: ["server"] });
});

it("loses nothing that it acknowledged when it is killed, and starts again at once", async () => {
  const first = dev();
  const to = await ready(first);
  expect(
    await send(
      to,
      Array.from({ length: 50 }, (_, at) => view(at)),
    ),
  ).toBe(202);
  await first.kill();
  const second = dev();
  const { readyMs } = (await second.next("ready")) as unknown as { readyMs: number };
  expect(readyMs).toBeLessThan(10_000);
  await untilCount("sales.page_views", 50);
  await untilCount("sales.sales", 5);
  await second.stop();
  expect(await query("SELECT channel, sum(received) AS n FROM millrace.ledger GROUP BY ALL ORDER BY ALL")).toEqual([
    { channel: "sales.daily", n: 8 },
    { channel: "sales.page_views", n: 50 },
  ]);
});

it("refuses a taken port and a data folder that another process owns", async () => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
  const { port } = blocker.address() as { port: number };
  failed(await millrace(shop, ["dev", "--port", String(port)]), "port-in-use");
  await new Promise((resolve) => blocker.close(resolve));
  const first = dev();
  await ready(first);
  const second = await millrace(shop, ["dev", "--port", "0"]);
  failed(second, "data-folder-locked");
  expect(second.err).toContain(String(first.child.pid));
  failed(await millrace(shop, ["restore", "--replace", join(shop, "nothing")]), "backup-invalid");
});

it("works beside itself: several commands at once on a folder that nobody owns", async () => {
  await millrace(shop, ["run"]);
  const all = await Promise.all(
    Array.from({ length: 4 }, () => millrace(shop, ["query", "--json", "SELECT count(*) AS n FROM sales.sales"])),
  );
  for (const { code, out, err } of all)
    expect({ code, err, out: JSON.parse(out) as unknown }).toEqual({ code: 0, err: "", out: [{ n: 5 }] });
});

it("names a missing secret and where it looked", async () => {
  edit("domains/sales/channels.ts", (text) =>
    text
      .replace("import { events,", "import { bearer, env, events, rest, secret,")
      .concat(
        'export const feed = rest({ baseUrl: env("FEED_URL"), auth: bearer(secret("FEED_TOKEN")), streams: { sales: { path: "/sales", records: "$", into: Sale } }, every: "1h" });\n',
      ),
  );
  const ended = await millrace(shop, ["run"], { FEED_URL: "http://127.0.0.1:9" });
  expect(ended.code).toBe(2);
  expect(ended.out).toMatch(/error \[secret-missing\]: Secret FEED_TOKEN is not set; looked in .*\.env/);
  // The other channels have done their work.
  expect(ended.out).toMatch(/sales\.daily +\w+ +1 +8 +5 +3/);
  appendFileSync(join(shop, ".env"), "FEED_TOKEN=abc\n");
  expect((await millrace(shop, ["run"], { FEED_URL: "http://127.0.0.1:9" })).out).not.toContain("secret-missing");
});

it("ends a run on Ctrl-C with the shell's code", async () => {
  edit("domains/sales/contracts.ts", (text) => `await new Promise((later) => setTimeout(later, 8000));\n${text}`);
  const running = new ServingProcess(shop, ["run"]);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const ended = await running.stop();
  expect(ended.code).toBe(130);
  expect(ended.err).toContain("error [cancelled]");
});
