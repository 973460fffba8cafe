// One measurement in its own process: a file to a checked table through the whole platform, or a library that reads the same workbook into objects.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { read, utils } from "@e965/xlsx";
import { files, quietPeriod } from "@millrace/connectors";
import { silentLogger, type ProjectDefinition } from "@millrace/core";
import { openPlatform } from "millrace/embed";
import { inputOf, report } from "../harness/measured-process.ts";
import { Sheet, type SheetTruth } from "./sheet-sample.ts";

export interface SheetInput {
  readonly subject: "platform" | "library";
  /** Folder of the file, and the file in it. */
  readonly folder: string;
  readonly file: string;
  readonly dataFolder: string;
}

export interface SheetOutcome {
  /** From the first look at the folder to the commit. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Undefined where there is no table. */
  readonly found?: SheetTruth;
  /** Values of the table that are NULL; the contract has no optional column. */
  readonly nulls: number;
  /** Reasons of the quarantined rows that name their cell. */
  readonly named: number;
  readonly records: number;
}

function project(folder: string, file: string): ProjectDefinition {
  const declared = files(file, { folder, into: Sheet, write: "append", ready: quietPeriod("0s") });
  const outputs = declared.outputs.map((output) => ({ ...output, domain: "bench" }));
  const channel = { ...declared, outputs, domain: "bench", name: "sheet" };
  const domain = { name: "bench", folder, contracts: [Sheet], channels: [channel], models: [] };
  return { config: { name: "bench" }, folder, domains: [domain] };
}

async function timed(work: () => unknown): Promise<{ readonly seconds: number; readonly cpuSeconds: number }> {
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - startedMs) / 1000, cpuSeconds: (user + system) / 1e6 };
}

async function throughPlatform({ dataFolder, file, folder }: SheetInput): Promise<SheetOutcome> {
  const opened = await openPlatform({ project: project(folder, file), dataFolder, log: silentLogger });
  await opened.platform.start({ live: false });
  const time = await timed(async () => {
    const done = await opened.platform.runUntilIdle({});
    if (done.errors[0] !== undefined) throw new Error(done.errors[0].message);
  });
  const columns = Sheet.columns.map(({ name }) => `count(*) FILTER (${name} IS NULL)`).join(" + ");
  const [row = []] = (
    await opened.platform.warehouse.query(
      `SELECT count(*), sum(id)::VARCHAR, sum(price)::VARCHAR, ${columns}, (SELECT count(*) FROM millrace.quarantine),
        (SELECT count(*) FROM millrace.quarantine WHERE reasons[1] LIKE 'price: n/a is no decimal%'
          AND (object_key LIKE '%.csv%' OR reasons[1] LIKE '%(Sheet1!C' || (position + 1) || ')')) FROM bench.sheets`,
    )
  ).rows;
  const [accepted, ids, prices, nulls, quarantined, named] = row;
  await opened.close();
  const found = {
    accepted: Number(accepted),
    quarantined: Number(quarantined),
    ids: `${ids as string}`,
    prices: `${prices as string}`,
  };
  return { ...time, found, nulls: Number(nulls), named: Number(named), records: found.accepted + found.quarantined };
}

async function throughLibrary({ file, folder }: SheetInput): Promise<SheetOutcome> {
  let records = 0;
  const time = await timed(() => {
    const book = read(readFileSync(join(folder, file)), { dense: true, cellDates: true });
    const [sheet] = Object.values(book.Sheets);
    if (sheet !== undefined) records = utils.sheet_to_json(sheet).length;
  });
  return { ...time, nulls: 0, named: 0, records };
}

const input = inputOf<SheetInput>();
report(await (input.subject === "platform" ? throughPlatform(input) : throughLibrary(input)));
