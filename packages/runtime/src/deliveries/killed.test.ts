// Real processes that are killed between a receiver's answer and its acknowledgement; and a long random life of one delivery.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { setFailpointHook } from "@millrace/core";
import { SeededRandom } from "@millrace/core/testing";
import { newFolder, removeFolder } from "../testing/embedded-stage.ts";
import { openDeliveryStage, products, toReceiver } from "../testing/delivery-stage.ts";
import { Receiver } from "../testing/receiver.ts";
import { shop } from "../testing/shop-project.ts";

const victim = fileURLToPath(new URL("../testing/delivery-victim.ts", import.meta.url));
let folder: string;
let receiver: Receiver;

beforeEach(async () => {
  folder = newFolder();
  receiver = await Receiver.open();
});

afterEach(async () => {
  setFailpointHook(undefined);
  await receiver[Symbol.asyncDispose]();
  removeFolder(folder);
});

interface Death {
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
}

function run(rows: number, deadly: number): Promise<Death> {
  const args = ["--conditions=millrace-source", victim, folder, receiver.url, String(rows), String(deadly)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  return new Promise((resolve) => child.once("exit", (_, signal) => resolve({ signal, out })));
}

/** Every try of one row's version was the same request. */
function expectStable(): void {
  const bodies = new Map<string, string>();
  for (const { id, body, method, path } of receiver.seen) {
    const request = `${method} ${path} ${body}`;
    expect(bodies.get(id) ?? request).toBe(request);
    bodies.set(id, request);
  }
}

it("loses nothing to SIGKILL: what was sent and not acknowledged is sent again under the same key", async () => {
  for (const deadly of [1, 9]) expect((await run(40, deadly)).signal).toBe("SIGKILL");
  expect(await run(40, 0)).toEqual({ signal: null, out: "40 40 0 0\n" });
  expect(receiver.held.size).toBe(40);
  expect(new Set(receiver.ids).size).toBe(40);
  // At most the four requests that were under way at each death, and acknowledgements that waited for their commit.
  expect(receiver.seen.length).toBeGreaterThan(40);
  expect(receiver.seen.length).toBeLessThanOrEqual(40 + 2 * 8);
  expectStable();
});

it(
  "ends with the receiver holding what the source holds, whatever happens on the way",
  { timeout: 60_000 },
  async () => {
    const random = new SeededRandom(7);
    const source = shop();
    const text = "/* ---\nmaterialize: table\n--- */\nSELECT sku, name FROM shop.products WHERE name NOT LIKE 'gone%'";
    const models = [{ domain: "shop", name: "present", file: "/shop/present.sql", text }];
    const retry = { attempts: 50, base: "1ms", cap: "5ms", deadline: "10m" };
    const deliveries = { out: toReceiver({ from: "present", key: ["sku"], deletions: true, retry, concurrency: 3 }) };
    const faults = [500, 503, 429, 502];
    receiver.answer = () => {
      const fault = random.next() < 0.2 ? faults[random.int(faults.length)] : undefined;
      return { status: fault ?? 200, headers: { "retry-after": "0.005" } };
    };
    for (let life = 0; life < 2; life += 1) {
      // Some answers are heard by nobody.
      setFailpointHook((name) => {
        if (name === "delivery.sent" && random.next() < 0.1) throw new Error("died before it was written down");
      });
      const stage = await openDeliveryStage({ folder, receiver: receiver.url, shop: source, deliveries, models });
      for (let step = 0; step < 4; step += 1) {
        const changed = Array.from({ length: 6 }, () => {
          const name = random.next() < 0.25 ? "gone" : "there";
          return [`s${random.int(12)}`, `${name} ${life}.${step}.${random.int(3)}`] as const;
        });
        source.products.items.push(products(Object.fromEntries(changed)));
        await stage.platform.runUntilIdle({});
      }
      const rows = await stage.rows("SELECT sku, name FROM shop.present ORDER BY sku");
      const [counts] = await stage.platform.deliveries();
      await stage.close();
      expect(counts).toMatchObject({ pending: 0n, dead: 0n });
      expect(counts?.due).toBe(counts?.acknowledged);
      const held = [...receiver.held.values()].map((body) => Object.values(JSON.parse(body) as object).join(": "));
      const wanted = (rows as string[][]).map((row) => row.join(": "));
      expect(held.sort()).toEqual(wanted.sort());
    }
    expectStable();
  },
);
