// `millrace deliver` over a whole life of a dead letter: refused, looked at, replayed, reconciled; and what plan, status and queries say.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runCommand, type CommandResult } from "../testing/run-command.ts";
import { temporaryProject, type TemporaryProject } from "../testing/temporary-project.ts";

const config = `import { defineProject } from "millrace";
export const project = defineProject({ name: "shop", allowAddresses: ["127.0.0.1"] });
`;
const contracts = `import { contract, t } from "millrace";
export const Item = contract("items", { sku: t.string().key(), pieces: t.int32() });
`;
const channels = `import { files, marker } from "millrace";
import { Item } from "./contracts.ts";
export const items_in = files("in/*.csv", { into: Item, ready: marker("_SUCCESS") });
`;
const deliveries = `import { delivery, env, toRest } from "millrace";
import { Item } from "./contracts.ts";
export const oms = delivery({
  from: Item,
  to: toRest({ baseUrl: env("TEST_OMS"), path: "/items/{sku}", method: "PUT", count: { path: "/count", at: "$.count" } }),
});
`;

const held = new Map<string, string>();
let refusing = "bad";
let server: Server;
let project: TemporaryProject;

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const url = request.url ?? "";
      if (url === "/count") return response.end(JSON.stringify({ count: held.size }));
      if (url.endsWith(refusing)) return response.writeHead(422).end("no such item");
      held.set(url, body);
      return response.end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  process.env["TEST_OMS"] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  project = temporaryProject({
    "millrace.config.ts": config,
    "domains/shop/contracts.ts": contracts,
    "domains/shop/channels.ts": channels,
    "domains/shop/deliveries.ts": deliveries,
    "in/one.csv": "sku,pieces\ngood,1\nbad,2\n",
    "in/_SUCCESS": "",
  });
});

afterAll(() => {
  delete process.env["TEST_OMS"];
  server.closeAllConnections();
  server.close();
  project[Symbol.dispose]();
});

const run = (...args: readonly string[]): Promise<CommandResult> => runCommand(project.folder, ...args);

async function json(...args: readonly string[]): Promise<unknown> {
  const { out, err } = await run(...args, "--json");
  return JSON.parse(out === "" ? err : out) as unknown;
}

it("plans, sends, shows what was refused, sends it again, and reconciles", { timeout: 60_000 }, async () => {
  expect((await run("plan")).out).toContain("+ delivery shop.oms: delivery shop.oms starts: shop.items to rest");
  const first = await run("run");
  expect(first.err + first.out).toContain("delivery-refused");
  expect((await run("deliver", "list")).out).toMatch(/shop\.oms +rest +\w+ +2 +1 +0 +1 +0 +0/);
  expect(await json("deliver", "show", "shop.oms", "--state", "dead")).toMatchObject({
    due: 2,
    rows: [{ key: { sku: "bad" }, state: "dead", code: "delivery-refused", answer: "no such item" }],
  });
  expect((await run("deliver", "show", "shop.oms")).out).toContain('{"sku":"bad"}');
  const wrong = await run("deliver", "reconcile", "shop.oms");
  expect([wrong.code, wrong.out]).toEqual([1, expect.stringContaining("receiver DIFFERS: 1; the source has 2 rows")]);
  refusing = "nothing";
  expect((await run("deliver", "replay", "shop.oms")).out).toContain("1 to be sent again; 1 pending, 0 dead");
  await run("run");
  const right = await run("deliver", "reconcile", "shop.oms");
  expect([right.code, right.out]).toEqual([0, expect.stringContaining("due 2 = 2 acknowledged")]);
  expect(held.get("/items/bad")).toBe('{"sku":"bad","pieces":2}');
  expect((await run("status")).out).toMatch(/shop\.oms +rest +idle +2 +2/);
  expect((await run("plan")).out).toContain("plan: nothing changes");
});

it("pauses and resumes, and names what it does not know", { timeout: 60_000 }, async () => {
  expect((await run("deliver", "pause", "shop.oms")).out).toContain("shop.oms: paused");
  expect((await run("deliver", "resume", "shop.oms")).out).toContain("shop.oms: idle");
  const unknown = await run("deliver", "pause", "shop.omz");
  expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('did you mean "shop.oms"?')]);
  expect((await run("deliver", "discard", "shop.oms", "x")).code).toBe(2);
});

it("a delivery that does not fit its table is refused with file and line", { timeout: 60_000 }, async () => {
  project.write({ "domains/shop/deliveries.ts": deliveries.replace("{sku}", "{skuu}") });
  const plan = await run("plan");
  expect(plan.out + plan.err).toMatch(
    /deliveries\.ts:3: delivery shop\.oms: shop\.items has no column "skuu"; did you mean "sku"\?/,
  );
  project.write({ "domains/shop/deliveries.ts": deliveries.replace("from: Item", 'from: "itemz"') });
  expect((await run("plan")).err).toMatch(
    /deliveries\.ts:3: .*sends "shop\.itemz", which is no table or model; did you mean "shop\.items"\?/,
  );
});
