// `npm run example:membership`: reads the files of applications, writes who is accepted and who is refused, and looks for new files every hour.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { loadProject, openPlatform, processLogger, type OpenedPlatform } from "millrace/embed";
import { consolidate } from "./consolidate.ts";

const { values: options } = parseArgs({ options: { once: { type: "boolean", default: false } } });
const drops = resolve(
  process.env["MEMBERSHIP_DROPS"] ?? join(import.meta.dirname, "../../../shared/data/membership-applications"),
);
const folder = join(import.meta.dirname, ".millrace");

async function report(opened: OpenedPlatform): Promise<void> {
  const { successful, unsuccessful } = await consolidate(opened, join(folder, "out"));
  const reasons = await opened.platform.warehouse.query(
    `SELECT code, count(*) FROM (SELECT unnest(codes) AS code FROM millrace.quarantine WHERE state = 'open') GROUP BY code ORDER BY 2 DESC, 1`,
  );
  console.log(`accepted ${successful.rows}: ${successful.path}`);
  console.log(`refused  ${unsuccessful.rows}: ${unsuccessful.path}`);
  for (const [code, count] of reasons.rows) console.log(`  ${String(count as bigint).padStart(6)}  ${code as string}`);
}

/** Writes both sets anew whenever the accepted applications have changed, until Ctrl-C. */
async function follow(opened: OpenedPlatform): Promise<void> {
  let writing = Promise.resolve();
  const unsubscribe = opened.platform.onCommit(({ tables }) => {
    if (tables.some(({ table }) => table === "members.successful"))
      writing = writing.then(() => report(opened)).catch((error: unknown) => console.error(error));
  });
  console.log("Looking for new files every hour. Stop with Ctrl-C.");
  const alive = setInterval(() => undefined, 2 ** 30);
  await new Promise<void>((resolveStop) => {
    process.once("SIGINT", resolveStop);
    process.once("SIGTERM", resolveStop);
  });
  clearInterval(alive);
  unsubscribe();
  await writing;
}

async function main(): Promise<number> {
  if (!existsSync(drops)) {
    console.error(
      `${drops} does not exist. Name the folder of the files: MEMBERSHIP_DROPS=/path npm run example:membership`,
    );
    return 2;
  }
  process.env["MEMBERSHIP_DROPS"] = drops;
  const project = await loadProject(import.meta.dirname);
  const opened = await openPlatform({ project, dataFolder: join(folder, "data"), log: processLogger("warn") });
  try {
    await opened.platform.start({ live: !options.once });
    const { errors } = await opened.platform.runUntilIdle({});
    for (const error of errors) console.error(`${error.code}: ${error.message}`);
    await report(opened);
    if (!options.once) await follow(opened);
    return errors.length === 0 ? 0 : 1;
  } finally {
    await opened.close();
  }
}

process.exitCode = await main();
