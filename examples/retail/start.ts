// `npm start`: a simulated retailer and Millrace beside each other. The upstreams speak first and write down the truth; then the data comes in by
// files, REST and events; at the end everything that is served is compared with the truth.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MillraceError } from "millrace";
import { loadProject, processLogger, serveInstance, type Instance } from "millrace/embed";
import { dropFiles } from "./simulator/drops.ts";
import { startOms } from "./simulator/oms.ts";
import { produce } from "./simulator/producer.ts";
import { fullVolumes, type World } from "./simulator/shape.ts";
import { startUpstream, type Upstream } from "./simulator/upstream.ts";
import { createWorld } from "./simulator/world.ts";
import { parseOptions, usage, type StartOptions } from "./options.ts";
import { printOutcome } from "./outcome.ts";
import { compareDelivered, compareWithTruth } from "./verify.ts";

/** The upstreams' days: the catalogue of the evening before, the day itself, and what comes late. */
async function live(world: World, upstream: Upstream, place: { instance: Instance; drops: string }): Promise<void> {
  const { platform } = place.instance.opened;
  const dropped = (part: string): typeof world.files => world.files.filter((file) => file.path.includes(part));
  const settle = async (): Promise<void> => {
    const report = await platform.runUntilIdle({});
    const [failed] = report.errors;
    if (failed !== undefined) throw new Error(`${failed.code}: ${failed.message} ${failed.hint}`);
  };
  await dropFiles(place.drops, dropped("products-2026-03-01"));
  await settle();

  const target = { url: place.instance.address ?? "", token: place.instance.token.value };
  await dropFiles(place.drops, dropped("promotions/"));
  upstream.release(0.97);
  await produce({ ...target, channel: "orders.order_events" }, world.orderEvents, world.seed);
  await produce({ ...target, channel: "inventory.movements" }, world.movementEvents, world.seed);
  await settle();

  await dropFiles(place.drops, dropped("products-2026-03-02"));
  upstream.release(1);
  await settle();
}

/** Whether every figure is that of the truth. */
async function run({ once, seed, port }: StartOptions): Promise<boolean> {
  const startedMs = performance.now();
  const folder = join(import.meta.dirname, ".millrace", `seed-${seed}`);
  const drops = join(folder, "drops");
  await mkdir(drops, { recursive: true });
  const world = createWorld(seed, fullVolumes);
  await writeFile(join(folder, "truth.json"), `${JSON.stringify(world.truth, null, 2)}\n`);

  const upstream = await startUpstream(world);
  process.env["RETAIL_DROPS"] = drops;
  process.env["RETAIL_API"] = upstream.url;
  process.env["RETAIL_TOKEN"] = upstream.token;
  const taken = join(folder, "oms.json");
  const oms = await startOms({ seed, token: upstream.token, stock: await takenBefore(taken) });
  process.env["RETAIL_OMS"] = oms.url;
  const project = await loadProject(import.meta.dirname);
  const instance = await serveInstance({
    project,
    dataFolder: join(folder, "data"),
    log: processLogger("warn"),
    listen: { host: "127.0.0.1", port },
    start: { live: false },
  });
  try {
    const before = await instance.opened.platform.status();
    await live(world, upstream, { instance, drops });
    const service = { url: instance.address ?? "", token: instance.token.value };
    const comparisons = [
      ...(await compareWithTruth(service, world.truth)),
      ...(await compareDelivered(service, oms.stock, world.truth)),
    ];
    await writeFile(taken, JSON.stringify([...oms.stock]));
    const loadedBefore = before.channels.reduce((sum, channel) => sum + channel.received, 0n);
    const equal = printOutcome({
      world,
      comparisons,
      loadedBefore,
      upstream: upstream.stats,
      oms: oms.stats,
      seconds: (performance.now() - startedMs) / 1000,
    });
    if (!once) await keepServing(service);
    return equal && upstream.stats.overLimit === 0;
  } finally {
    await instance.close();
    await upstream.close();
    await oms.close();
  }
}

/** The stock that the order management system was told in earlier runs. */
async function takenBefore(file: string): Promise<[string, number][]> {
  const text = await readFile(file, "utf8").catch(() => "[]");
  return JSON.parse(text) as [string, number][];
}

/** Until Ctrl-C. */
async function keepServing(service: { readonly url: string; readonly token: string }): Promise<void> {
  console.log(
    `\nServing at ${service.url}. Try:\n  curl -H "Authorization: Bearer ${service.token}" "${service.url}/data/sales/revenue_by_day?order=revenue.desc&limit=5"\nStop with Ctrl-C.`,
  );
  const alive = setInterval(() => undefined, 2 ** 30);
  await new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  clearInterval(alive);
}

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options !== undefined) return (await run(options)) ? 0 : 1;
    console.log(usage);
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof MillraceError)) throw thrown;
    console.error(`error [${thrown.code}]: ${thrown.message}\n${thrown.hint === "" ? "" : `hint: ${thrown.hint}`}`);
    return thrown.code === "request-invalid" ? 2 : 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
