// Two fetches pass, three do not; behind a power cut or a change of owner counting begins anew.
import { expect, it } from "vitest";
import { RequestLog } from "./request-log.ts";

const killed = { powerCut: false, takeOver: false };

it("counts fetches by record, and finds the third one", () => {
  const log = new RequestLog();
  log.gave(["a", "b"]);
  log.died(killed);
  log.gave(["a"]);
  expect([log.counts, log.findings()]).toEqual([{ once: 1, twice: 1, more: 0 }, []]);
  log.gave(["a"]);
  expect(log.counts.more).toBe(1);
  expect(log.findings()).toEqual([{ kind: "duplicated", count: 1, what: "a was fetched 3 times" }]);
});

it("begins anew behind a power cut, and behind a change of owner", () => {
  const log = new RequestLog();
  log.gave(["a", "a"]);
  log.died({ ...killed, powerCut: true });
  log.gave(["a", "a", "a"]);
  log.died({ ...killed, takeOver: true });
  expect([log.counts, log.findings()]).toEqual([{ once: 0, twice: 1, more: 0 }, []]);
});
