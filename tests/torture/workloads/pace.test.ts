// The end of the producers has a deadline, whatever they wait for.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { Pace } from "./pace.ts";
import { EventsWorkload } from "./events.ts";

const late = expect.objectContaining({ code: "deadline-exceeded" }) as Error;

it("ends what is owed after the last turn by the same deadline", async () => {
  const pace = new Pace();
  let turns = 0;
  pace.loop(
    async () => void (turns += 1),
    () => 1,
  );
  await expect(pace.finish(50, () => sleep(10_000, undefined, { signal: pace.signal }))).rejects.toEqual(late);
  expect(turns).toBeGreaterThan(0);
});

it("tells a turn that waits that its time is over, and says so itself", async () => {
  const pace = new Pace();
  pace.loop(
    () => sleep(10_000, undefined, { signal: pace.signal }),
    () => 1,
  );
  await expect(pace.finish(50)).rejects.toEqual(late);
});

it("gives up events that nobody takes any more", async () => {
  let answers = 0;
  const workload = new EventsWorkload(1, async () => {
    answers += 1;
    return { address: "http://127.0.0.1:1", token: "t" };
  });
  workload.start();
  await expect(workload.finish(200)).rejects.toEqual(late);
  expect(answers).toBeGreaterThan(0);
});
