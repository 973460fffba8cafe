// When a run proves something.
import { expect, it } from "vitest";
import { isProof } from "./run.ts";

const result = {
  kills: 50,
  lost: 0,
  duplicated: 0,
  partial: 0,
  seed: 1,
  failpoints: {},
  fetched: { once: 0, twice: 0, more: 0 },
};
const clean = { findings: [], missing: [], result };

it("is a proof when nothing was found in as many kills as were asked for", () => {
  expect(isProof(clean, { kills: 50 })).toBe(true);
  expect(isProof({ ...clean, findings: [{ kind: "lost", count: 0, what: "a row" }] }, { kills: 50 })).toBe(false);
  expect(isProof({ ...clean, missing: ["log.trim"] }, { kills: 50 })).toBe(false);
});

it("is none when a channel gave up and ended the run early, though nothing is missing in the end", () => {
  expect(isProof({ ...clean, result: { ...result, kills: 2 } }, { kills: 50 })).toBe(false);
});
