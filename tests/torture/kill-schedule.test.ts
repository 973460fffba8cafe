// The schedule is a function of its options, and strikes every place often enough.
import { expect, it } from "vitest";
import { killSchedule, requiredHits } from "./kill-schedule.ts";
import { reachable } from "./options.ts";

const options = { kills: 50, seed: 1, mode: "both", failpoints: reachable("all") } as const;

it("is the same for the same seed and another for another one", () => {
  expect(killSchedule(options)).toEqual(killSchedule(options));
  expect(killSchedule({ ...options, seed: 2 })).not.toEqual(killSchedule(options));
});

it("plans every failpoint oftener than the run must show it, and leaves kills for random moments", () => {
  for (const seed of [1, 2, 3])
    for (const channel of ["all", "rest"] as const) {
      const failpoints = reachable(channel);
      const places = killSchedule({ ...options, seed, failpoints }).map(({ place }) => place);
      for (const name of failpoints)
        expect(places.filter((place) => place === name).length).toBeGreaterThan(requiredHits(50));
      expect(places.filter((place) => place === "random" || place === "start").length).toBeGreaterThanOrEqual(6);
    }
});

it("cuts the power as the mode says", () => {
  const cuts = (mode: "kill" | "power-cut" | "both"): number =>
    killSchedule({ ...options, mode }).filter(({ powerCut }) => powerCut).length;
  expect([cuts("kill"), cuts("both"), cuts("power-cut")]).toEqual([0, 20, 50]);
});

it("demands 3 hits of each failpoint in 50 kills and fewer in shorter runs", () => {
  expect([6, 17, 34, 50, 500].map(requiredHits)).toEqual([0, 1, 2, 3, 3]);
});
