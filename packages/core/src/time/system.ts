// The real clock and the real chance, for production. Simulations bring their own.
import { randomBytes } from "node:crypto";
import { setTimeout as sleepFor } from "node:timers/promises";
import { uuidV7 } from "./uuid.ts";
import type { Clock, Random } from "../ports/clock.ts";

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  nowMicros: () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)),
  monotonicMs: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await sleepFor(ms, undefined, { ref: true, ...(signal === undefined ? {} : { signal }) });
    } catch (error) {
      throw signal?.reason ?? error;
    }
  },
  after(ms, call) {
    const timer = setTimeout(call, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

export const systemRandom: Random = {
  next: () => Math.random(),
  uuid: () => uuidV7(Date.now(), randomBytes(10)),
  bytes: (length) => randomBytes(length),
};
