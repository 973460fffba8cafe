// The harness finds each planted bug, and finds nothing with the same seed and schedule where the bug is not planted.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { TortureOptions } from "../options.ts";
import { powerCutSupported } from "../power-cut/preload.ts";
import type { Plant } from "../process/messages.ts";
import { TortureRun, type TortureOutcome } from "../run.ts";

const common = { kills: 6, seed: 5, channel: "events", takeOver: false, json: false, keep: false } as const;
const killed: TortureOptions = {
  ...common,
  mode: "kill",
  at: ["batch.staged", "batch.before-commit", "batch.after-commit"],
};
const powerCut: TortureOptions = { ...common, mode: "power-cut", at: ["log.sync", "batch.after-commit"] };
const takenOver: TortureOptions = { ...common, mode: "kill", takeOver: true };

async function torture(options: TortureOptions, plant?: Plant): Promise<TortureOutcome> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-planted-"));
  try {
    const { signal } = new AbortController();
    const run = await TortureRun.open({ ...options, ...(plant === undefined ? {} : { plant }) }, { folder, signal });
    return await run.run(() => undefined);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe("kills", () => {
  it("find a ledger that is written in a second transaction: rows of batches that it does not know", async () => {
    const { result } = await torture(killed, "ledger-apart");
    expect(result.partial + result.duplicated).toBeGreaterThan(0);
  });

  it("find a log that is trimmed before the batch is committed: events are lost", async () => {
    const { result } = await torture(killed, "early-trim");
    expect(result.lost).toBeGreaterThan(0);
  });

  it("find nothing without a bug", async () => {
    const { findings, result } = await torture(killed);
    expect(findings).toEqual([]);
    expect(result).toMatchObject({ kills: killed.kills, lost: 0, duplicated: 0, partial: 0 });
  });
});

describe("kills among requests", () => {
  const asking: TortureOptions = { ...killed, channel: "rest", at: ["rest.page", "rest.slice"] };

  it("find tokens that are used before they are kept: the client is locked out", async () => {
    const { findings } = await torture(asking, "tokens-late");
    expect(findings.map(({ what }) => what).join("\n")).toContain("locked out");
  });

  it("find nothing without a bug", async () => {
    const { findings, result, tokenRotations } = await torture(asking);
    expect(findings).toEqual([]);
    expect(result.fetched.once).toBeGreaterThan(0);
    expect(tokenRotations).toBeGreaterThan(0);
  });
});

describe("a change of owner", () => {
  it("finds a fence that only reads: the owner before commits beside the new one, rows are doubled", async () => {
    const { result, takeOvers } = await torture(takenOver, "reading-fence");
    expect(takeOvers).toBeGreaterThan(0);
    expect(result.duplicated).toBeGreaterThan(0);
  });

  it("finds nothing without a bug", async () => {
    const { findings, takeOvers } = await torture(takenOver);
    expect(findings).toEqual([]);
    expect(takeOvers).toBeGreaterThan(0);
  });
});

// Needs Linux and a C compiler: the library is preloaded into the process.
describe.runIf(powerCutSupported())("power cuts", () => {
  it("find originals that are not synced: the ledger names objects that are gone", async () => {
    const { result, findings } = await torture(powerCut, "objects-unsynced");
    expect(result.lost).toBeGreaterThan(0);
    expect(findings.every(({ what }) => what.startsWith("original raw/"))).toBe(true);
  });

  it("find an event log that is not synced: acknowledged events are lost", async () => {
    // Cut off before the commit, so that what was acknowledged stands in the log alone.
    const { result } = await torture({ ...powerCut, at: ["batch.before-commit"] }, "log-unsynced");
    expect(result.lost).toBeGreaterThan(0);
  });

  it("find nothing without a bug", async () => {
    const { findings, powerCuts } = await torture(powerCut);
    expect(findings).toEqual([]);
    expect(powerCuts).toBe(powerCut.kills);
  });
});
