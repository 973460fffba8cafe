// Two fetches pass, three do not; what a power cut took is asked for again without blame.
import { expect, it } from "vitest";
import { RequestLog } from "./request-log.ts";

it("counts fetches by record, and finds the third one", () => {
  const log = new RequestLog();
  log.gave(["a", "b"]);
  log.died({ powerCut: false });
  log.gave(["a"]);
  expect([log.counts, log.findings()]).toEqual([{ once: 1, twice: 1, more: 0, afterPowerCut: 0 }, []]);
  log.gave(["a"]);
  expect(log.counts.more).toBe(1);
  expect(log.findings()).toEqual([{ kind: "duplicated", count: 1, what: "a was fetched 3 times" }]);
});

it("excuses one fetch for each power cut since the last", () => {
  const log = new RequestLog();
  for (let turn = 0; turn < 4; turn += 1) {
    log.gave(["a"]);
    log.died({ powerCut: true });
  }
  expect(log.counts).toEqual({ once: 1, twice: 0, more: 0, afterPowerCut: 3 });
  log.gave(["a"]);
  log.gave(["a"]);
  log.gave(["a"]);
  expect(log.findings()).toHaveLength(1);
});
