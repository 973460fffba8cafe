// One process over a folder of small files: loads what is new, then looks again. folder.ts starts it twice, so that the second one knows all of them from
// the ledger alone.
import { files, quietPeriod } from "@millrace/connectors";
import { contract, silentLogger, t, type ProjectDefinition } from "@millrace/core";
import { openPlatform } from "millrace/embed";
import { inputOf, report } from "../harness/measured-process.ts";

export interface FolderInput {
  readonly folder: string;
  readonly dataFolder: string;
}

export interface FolderOutcome {
  /** From the start of the first look to its end, with what it loaded. */
  readonly firstSeconds: number;
  readonly firstCpuSeconds: number;
  readonly batches: number;
  /** The second look of the same process. */
  readonly againSeconds: number;
  readonly againCpuSeconds: number;
  /** Files and rows in ledger and table afterwards. */
  readonly files: number;
  readonly rows: number;
}

const Reading = contract("readings", { sensor: t.string(), at: t.timestamp(), value: t.decimal(12, 2) });

function project(folder: string): ProjectDefinition {
  const ready = quietPeriod("0s");
  const declared = files("*.csv", { folder, into: Reading, write: "append", ready });
  const outputs = declared.outputs.map((output) => ({ ...output, domain: "bench" }));
  const channel = { ...declared, outputs, domain: "bench", name: "drops" };
  const domain = { name: "bench", folder, contracts: [Reading], channels: [channel], models: [] };
  return { config: { name: "bench" }, folder, domains: [domain] };
}

const { folder, dataFolder } = inputOf<FolderInput>();
const opened = await openPlatform({
  project: project(folder),
  dataFolder,
  log: silentLogger,
});
await opened.platform.start({ live: false });
const timed = async (): Promise<{ seconds: number; cpuSeconds: number; batches: number }> => {
  const cpu = process.cpuUsage();
  const started = performance.now();
  const done = await opened.platform.runUntilIdle({});
  if (done.errors[0] !== undefined) throw new Error(done.errors[0].message);
  const { user, system } = process.cpuUsage(cpu);
  return {
    seconds: (performance.now() - started) / 1000,
    cpuSeconds: (user + system) / 1e6,
    batches: done.batches.length,
  };
};
const first = await timed();
const again = await timed();
if (again.batches > 0) throw new Error(`the second look loaded ${again.batches} batches`);
const found = await opened.platform.warehouse.query(
  "SELECT (SELECT count(*) FROM millrace.files WHERE state = 'loaded'), (SELECT count(*) FROM bench.readings)",
);
await opened.close();
report({
  firstSeconds: first.seconds,
  firstCpuSeconds: first.cpuSeconds,
  batches: first.batches,
  againSeconds: again.seconds,
  againCpuSeconds: again.cpuSeconds,
  files: Number(found.rows[0]?.[0]),
  rows: Number(found.rows[0]?.[1]),
} satisfies FolderOutcome);
