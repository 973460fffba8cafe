// What every adapter of the port EventLog must show. Runs under vitest: an adapter's test calls it with a way to open a log.
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Appended, EventLog, LogEntry } from "../ports/event-log.ts";
import { LogModel } from "./log-model.ts";

/** A fresh log and how to close and open it again on the same storage. */
export interface EventLogUnderTest {
  readonly log: EventLog;
  reopen(): Promise<EventLog>;
  dispose(): Promise<void>;
}

/** @param open opens an empty log; with `queueBytesMax` one whose queue of waiting appends is bounded by it */
export function eventLogConformance(
  name: string,
  open: (bounds?: { readonly queueBytesMax: number }) => Promise<EventLogUnderTest>,
): void {
  describe(`EventLog: ${name}`, () => {
    let subject: EventLogUnderTest;
    let log: EventLog;
    beforeEach(async () => {
      subject = await open();
      log = subject.log;
    });
    afterEach(() => subject.dispose());

    describe("appending and reading", () => {
      it("has nothing at first", async () => {
        expect(await log.range("a.b")).toEqual({ first: 0n, next: 0n });
        expect(await log.read("a.b", 0n, { bytesMax: 100 })).toEqual([]);
        expect(await log.partitions()).toEqual([]);
      });

      it("gives dense offsets and the same bytes back", async () => {
        const first = await log.append({ partition: "a.b", payload: lines(3), count: 3 });
        const second = await log.append({ partition: "a.b", payload: bytes([0, 255, 10, 13, 10]), count: 2 });
        expect([first.offset, first.count, first.repeated]).toEqual([0n, 3, false]);
        expect([second.offset, second.count]).toEqual([3n, 2]);
        const entries = await log.read("a.b", 0n, { bytesMax: 1000 });
        expect(entries.map((entry) => [entry.offset, entry.count, entry.receivedAtMicros])).toEqual([
          [0n, 3, first.receivedAtMicros],
          [3n, 2, second.receivedAtMicros],
        ]);
        expect(entries.map((entry) => [...entry.payload])).toEqual([[...lines(3)], [0, 255, 10, 13, 10]]);
        expect(await log.range("a.b")).toEqual({ first: 0n, next: 5n });
      });

      it("orders appends of one partition by their call, also when they wait together", async () => {
        const appended = await Promise.all(
          Array.from({ length: 200 }, (_, at) =>
            log.append({ partition: at % 3 === 0 ? "x" : "y", payload: text(`${at}\n`), count: 1 }),
          ),
        );
        for (const partition of ["x", "y"]) {
          const expected = appended.map((_, at) => at).filter((at) => (at % 3 === 0) === (partition === "x"));
          const entries = await log.read(partition, 0n, { bytesMax: 100_000 });
          expect(entries.map((entry) => Number(decode(entry.payload)))).toEqual(expected);
          expect(entries.map((entry) => entry.offset)).toEqual(expected.map((_, offset) => BigInt(offset)));
          expect(entries.map((entry) => entry.offset)).toEqual(expected.map((at) => appended[at]?.offset));
        }
        expect(await log.partitions()).toEqual(["x", "y"]);
      });

      it("gives receive times that never go back", async () => {
        const times: bigint[] = [];
        for (let at = 0; at < 5; at += 1) times.push((await append(log, "a", 1)).receivedAtMicros);
        expect(times).toEqual([...times].sort((a, b) => (a < b ? -1 : 1)));
        expect(times[0]).toBeGreaterThan(0n);
      });

      it("reads whole entries: one at least, then up to the bound", async () => {
        for (let at = 0; at < 4; at += 1) await log.append({ partition: "a", payload: text("12345678\n"), count: 1 });
        const offsets = async (from: bigint, bytesMax: number): Promise<bigint[]> =>
          (await log.read("a", from, { bytesMax })).map((entry) => entry.offset);
        expect(await offsets(0n, 1)).toEqual([0n]);
        expect(await offsets(0n, 17)).toEqual([0n]);
        expect(await offsets(0n, 18)).toEqual([0n, 1n]);
        expect(await offsets(2n, 1000)).toEqual([2n, 3n]);
        expect(await offsets(4n, 1000)).toEqual([]);
      });

      it("starts with the whole entry when asked for an offset inside it", async () => {
        await append(log, "a", 2);
        await append(log, "a", 5);
        await append(log, "a", 1);
        for (const from of [2n, 4n, 6n]) {
          const entries = await log.read("a", from, { bytesMax: 1000 });
          expect(entries.map((entry) => entry.offset)).toEqual([2n, 7n]);
        }
      });

      it("refuses to read outside what it holds", async () => {
        await append(log, "a", 2);
        await expect(log.read("a", 3n, { bytesMax: 10 })).rejects.toMatchObject({ code: "log-offset-out-of-range" });
        await expect(log.read("none", 1n, { bytesMax: 10 })).rejects.toMatchObject({ code: "log-offset-out-of-range" });
      });

      it("refuses an append without records", async () => {
        const nothing = { partition: "a", payload: new Uint8Array(), count: 0 };
        await expect(log.append(nothing)).rejects.toMatchObject({ code: "request-invalid" });
        expect(await log.range("a")).toEqual({ first: 0n, next: 0n });
      });
    });

    describe("idempotency keys", () => {
      const keyed = (body: string, key: string, partition = "a"): Promise<Appended> =>
        log.append({ partition, payload: text(body), count: 1, idempotencyKey: key });

      it("append once and repeat the first answer", async () => {
        await append(log, "a", 4);
        const first = await keyed("one\n", "k");
        await append(log, "a", 1);
        const again = await keyed("one\n", "k");
        expect(again).toEqual({ ...first, repeated: true });
        expect((await log.range("a")).next).toBe(6n);
      });

      it("append once when the same key waits twice", async () => {
        const answers = await Promise.all([keyed("one\n", "k"), keyed("two\n", "l"), keyed("one\n", "k")]);
        expect(answers.map((answer) => answer.repeated)).toEqual([false, false, true]);
        expect(answers[2]?.offset).toBe(answers[0]?.offset);
        const entries = await log.read("a", 0n, { bytesMax: 100 });
        expect(entries.map((entry) => decode(entry.payload))).toEqual(["one\n", "two\n"]);
      });

      it("refuse another body, at once and later, and write nothing of it", async () => {
        const settled = await Promise.allSettled([keyed("one\n", "k"), keyed("other\n", "k")]);
        expect(settled.map((one) => one.status)).toEqual(["fulfilled", "rejected"]);
        await expect(keyed("third\n", "k")).rejects.toMatchObject({ code: "idempotency-conflict" });
        expect((await log.range("a")).next).toBe(1n);
      });

      it("belong to their partition", async () => {
        await keyed("one\n", "k", "a");
        expect((await keyed("two\n", "k", "b")).repeated).toBe(false);
      });

      it("are remembered after a restart, also when the data was trimmed", async () => {
        const first = await keyed("one\n", "k");
        await log.trim("a", 1n);
        log = await subject.reopen();
        expect(await keyed("one\n", "k")).toEqual({ ...first, repeated: true });
        await expect(keyed("other\n", "k")).rejects.toMatchObject({ code: "idempotency-conflict" });
      });
    });

    describe("trimming", () => {
      beforeEach(async () => {
        for (const count of [3, 4, 5]) await append(log, "a", count);
      });

      it("forgets whole entries that end at or before the offset", async () => {
        await log.trim("a", 7n);
        expect(await log.range("a")).toEqual({ first: 7n, next: 12n });
        await expect(log.read("a", 6n, { bytesMax: 10 })).rejects.toMatchObject({ code: "log-offset-out-of-range" });
        expect((await log.read("a", 7n, { bytesMax: 1000 })).map((entry) => entry.offset)).toEqual([7n]);
      });

      it("keeps an entry that reaches past the offset", async () => {
        await log.trim("a", 6n);
        expect(await log.range("a")).toEqual({ first: 3n, next: 12n });
        await log.trim("a", 2n);
        expect(await log.range("a")).toEqual({ first: 3n, next: 12n });
      });

      it("never gives an offset out twice, even when everything is trimmed and the log opened again", async () => {
        await log.trim("a", 12n);
        expect(await log.range("a")).toEqual({ first: 12n, next: 12n });
        expect(await log.read("a", 12n, { bytesMax: 10 })).toEqual([]);
        log = await subject.reopen();
        expect(await log.range("a")).toEqual({ first: 12n, next: 12n });
        expect((await append(log, "a", 2)).offset).toBe(12n);
      });

      it("refuses to trim what was never written", async () => {
        await expect(log.trim("a", 13n)).rejects.toMatchObject({ code: "log-offset-out-of-range" });
        await expect(log.trim("none", 1n)).rejects.toMatchObject({ code: "log-offset-out-of-range" });
        expect(await log.range("a")).toEqual({ first: 0n, next: 12n });
        expect((await append(log, "a", 1)).offset).toBe(12n);
      });
    });

    describe("waking consumers", () => {
      it("calls after the append is readable, for its partition only, until told to stop", async () => {
        const seen: Promise<bigint>[] = [];
        const stop = log.onAppend("a", () => seen.push(log.range("a").then((range) => range.next)));
        await append(log, "b", 1);
        await append(log, "a", 2);
        expect(await Promise.all(seen)).toEqual([2n]);
        stop();
        await append(log, "a", 1);
        expect(seen).toHaveLength(1);
      });

      it("does not call for a repeated key", async () => {
        const request = { partition: "a", payload: text("x\n"), count: 1, idempotencyKey: "k" };
        await log.append(request);
        let calls = 0;
        log.onAppend("a", () => (calls += 1));
        await log.append(request);
        expect(calls).toBe(0);
      });
    });

    describe("living on", () => {
      it("keeps everything and its incarnation when it is opened again", async () => {
        const { incarnation } = log;
        await append(log, "a", 3);
        await append(log, "b", 1);
        log = await subject.reopen();
        expect(log.incarnation).toBe(incarnation);
        expect(await log.partitions()).toEqual(["a", "b"]);
        expect(await log.range("a")).toEqual({ first: 0n, next: 3n });
        expect((await append(log, "a", 1)).offset).toBe(3n);
      });

      it("has another incarnation than every other log", async () => {
        const other = await open();
        expect(other.log.incarnation).not.toBe(log.incarnation);
        await other.dispose();
      });

      it("finishes what waits when it is closed, and takes nothing more", async () => {
        const waiting = [append(log, "a", 1), append(log, "a", 1)];
        await log.close();
        expect((await Promise.all(waiting)).map((appended) => appended.offset)).toEqual([0n, 1n]);
        await expect(append(log, "a", 1)).rejects.toMatchObject({ code: "cancelled" });
        log = await subject.reopen();
        expect((await log.range("a")).next).toBe(2n);
      });

      it("refuses appends that its bounded queue cannot hold, and loses none that it took", async () => {
        const bounded = await open({ queueBytesMax: 1000 });
        const settled = await Promise.allSettled(
          Array.from({ length: 50 }, () => bounded.log.append({ partition: "a", payload: lines(20), count: 20 })),
        );
        const refused = settled.filter((one) => one.status === "rejected");
        expect(refused.length).toBeGreaterThan(0);
        expect(refused.every((one) => (one.reason as { code: string }).code === "overloaded")).toBe(true);
        expect((await bounded.log.range("a")).next).toBe(BigInt((settled.length - refused.length) * 20));
        expect((await append(bounded.log, "a", 1)).repeated).toBe(false);
        await bounded.dispose();
      });

      it("agrees with a simple model over random appends, reads, trims and restarts", async () => {
        await fc.assert(
          fc.asyncProperty(operations, (steps) => agreesWithModel(open, steps)),
          { numRuns: 25 },
        );
      });
    });
  });
}

type Step =
  | { readonly do: "append"; readonly sizes: readonly number[]; readonly key: number | undefined }
  | { readonly do: "read"; readonly at: number; readonly bytesMax: number }
  | { readonly do: "trim"; readonly at: number }
  | { readonly do: "reopen" };

/** Positions are fractions of the range, so that they stay meaningful as it moves. */
const operations: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("append" as const),
        sizes: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 }),
        key: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("read" as const),
        at: fc.integer({ min: -1, max: 12 }),
        bytesMax: fc.integer({ min: 1, max: 60 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("trim" as const), at: fc.integer({ min: 0, max: 11 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen" as const) }) },
  ),
  { maxLength: 25 },
);

async function agreesWithModel(open: () => Promise<EventLogUnderTest>, steps: readonly Step[]): Promise<void> {
  const subject = await open();
  let log = subject.log;
  const model = new LogModel();
  try {
    for (const step of steps) {
      if (step.do === "append") await compareAppends(log, model, step);
      if (step.do === "read") await compareRead(log, model, model.position(step.at), step.bytesMax);
      if (step.do === "trim") {
        await log.trim("p", model.position(step.at));
        model.trim(model.position(step.at));
      }
      if (step.do === "reopen") log = await subject.reopen();
      expect(await log.range("p")).toEqual({ first: model.first, next: model.next });
    }
    await compareRead(log, model, model.first, 1_000_000);
  } finally {
    await subject.dispose();
  }
}

async function compareAppends(log: EventLog, model: LogModel, step: Extract<Step, { do: "append" }>): Promise<void> {
  // One key may stand on the first append of the group: the others must keep their place whether it repeats or not.
  const requests = step.sizes.map((count, at) => ({
    partition: "p",
    payload: text(`${"x".repeat(count - 1 > 0 ? count : 0)}\n`.repeat(count)),
    count,
    ...(at === 0 && step.key !== undefined ? { idempotencyKey: `${step.key}-${count}` } : {}),
  }));
  const answers = await Promise.all(requests.map((request) => log.append(request)));
  expect(answers.map(({ offset, count, repeated }) => ({ offset, count, repeated }))).toEqual(
    requests.map((request) => model.append(request)),
  );
}

async function compareRead(log: EventLog, model: LogModel, from: bigint, bytesMax: number): Promise<void> {
  const expected = model.read(from, bytesMax);
  if (expected === undefined) {
    await expect(log.read("p", from, { bytesMax })).rejects.toMatchObject({ code: "log-offset-out-of-range" });
    return;
  }
  const shown = (entry: Pick<LogEntry, "offset" | "count" | "payload">): unknown => [
    entry.offset,
    entry.count,
    decode(entry.payload),
  ];
  expect((await log.read("p", from, { bytesMax })).map(shown)).toEqual(expected.map(shown));
}

function append(log: EventLog, partition: string, count: number): Promise<Appended> {
  return log.append({ partition, payload: lines(count), count });
}

function lines(count: number): Uint8Array {
  return text('{"n":1}\n'.repeat(count));
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function bytes(values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}

function decode(payload: Uint8Array): string {
  return new TextDecoder().decode(payload);
}
