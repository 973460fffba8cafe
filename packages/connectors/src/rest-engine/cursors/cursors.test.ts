// Cursors: which windows are read, what is kept as state, and that states of Airbyte's shape come in and go out.
import { systemRandom, type Clock } from "@millrace/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { engineStage, inQuery } from "../../testing/engine-stage.ts";
import type { CursorStrategy, OpenCursor } from "../components.ts";
import type { Fields, StreamSlice } from "../slice.ts";
import { clamp } from "./clamp.ts";
import { countCursor } from "./count-cursor.ts";
import { datetimeCursor, type DatetimeCursorOptions, type TimeCodec } from "./datetime-cursor.ts";
import { addDuration, parseIsoDuration } from "./duration.ts";
import { perPartitionCursor } from "./per-partition-cursor.ts";
import { windowsOf } from "./windows.ts";

const micros = (text: string): bigint => BigInt(Date.parse(text)) * 1000n;
const day = (value: bigint): string => new Date(Number(value / 1000n)).toISOString().slice(0, 10);

const days: TimeCodec = {
  parse: (value) =>
    typeof value === "string" && /^\d{4}-\d\d-\d\d/.test(value) ? micros(value.slice(0, 10)) : undefined,
  format: day,
};

const now = "2026-03-10";
const clock = { nowMs: () => Date.parse(now), nowMicros: () => micros(now), monotonicMs: () => 0 } as Clock;

const options: DatetimeCursorOptions = {
  field: "updated",
  codec: days,
  start: () => micros("2026-03-01"),
  end: (at) => at,
  strict: false,
  compares: "never",
  startOption: inQuery("from"),
  endOption: inQuery("to"),
};

const duration = (text: string): NonNullable<ReturnType<typeof parseIsoDuration>> => parseIsoDuration(text) as never;

function open(strategy: CursorStrategy, state?: unknown): OpenCursor {
  return strategy.open({ ...engineStage(), clock, random: systemRandom }, state);
}

function windows(cursor: OpenCursor, partition: Fields = {}): string[] {
  return Array.from(
    cursor.windows(partition),
    (window) => `${String(window["start_time"])}..${String(window["end_time"])}`,
  );
}

function read(cursor: OpenCursor, partition: Fields, window: Fields, values: readonly unknown[]): StreamSlice {
  const slice = { partition, window, extra: {} };
  cursor.observe(slice, { values, sample: {}, place: "" });
  return slice;
}

describe("durations", () => {
  it.each([
    ["P1D", 0, 86_400_000_000n],
    ["P1Y2M", 14, 0n],
    ["P2W", 0, 1_209_600_000_000n],
    ["PT0.000001S", 0, 1n],
    ["-PT1H", 0, -3_600_000_000n],
  ])("%s", (text, months, span) => expect(parseIsoDuration(text)).toEqual({ months, micros: span }));

  it.each(["", "P", "1D", "PT", "P1H"])("refuses %j", (text) => expect(parseIsoDuration(text)).toBeUndefined());

  it("add months by the calendar", () => {
    expect(day(addDuration(micros("2026-01-31"), duration("P1M")))).toBe("2026-02-28");
    expect(day(addDuration(micros("2026-03-15"), duration("P1Y1M"), -1))).toBe("2025-02-15");
  });
});

describe("windows", () => {
  it("cover a span without gap or overlap", () => {
    const span = fc.tuple(
      fc.integer({ min: 0, max: 400 }),
      fc.integer({ min: 0, max: 400 }),
      fc.integer({ min: 1, max: 60 }),
    );
    fc.assert(
      fc.property(span, ([from, length, step]) => {
        const unit = duration("P1D");
        const start = micros("2026-01-01") + BigInt(from) * unit.micros;
        const end = start + BigInt(length) * unit.micros;
        const found = [
          ...windowsOf(start, end, {
            step: { months: 0, micros: BigInt(step) * unit.micros },
            granularity: unit,
            strict: false,
          }),
        ];
        const covered = found.flatMap((window) => {
          const list: bigint[] = [];
          for (let at = window.start; at <= window.end; at += unit.micros) list.push(at);
          return list;
        });
        expect(covered).toEqual(Array.from({ length: length + 1 }, (_, at) => start + BigInt(at) * unit.micros));
      }),
    );
  });

  it("are clamped", () => {
    expect(day(clamp(micros("2026-03-04T05:00Z"), { unit: "day" }))).toBe("2026-03-05");
    expect(day(clamp(micros("2026-03-04"), { unit: "week", weekday: 0 }))).toBe("2026-03-09");
    expect(day(clamp(micros("2026-03-04"), { unit: "week", weekday: 0 }, true))).toBe("2026-03-02");
    expect(day(clamp(micros("2026-03-04"), { unit: "month" }, true))).toBe("2026-03-01");
  });
});

describe("a datetime cursor", () => {
  it("reads from the start in steps, then from its state, and looks back", () => {
    const stepped = datetimeCursor({
      ...options,
      step: duration("P4D"),
      granularity: duration("P1D"),
      lookback: duration("P2D"),
    });
    const first = open(stepped);
    expect(windows(first)).toEqual(["2026-03-01..2026-03-04", "2026-03-05..2026-03-08", "2026-03-09..2026-03-10"]);
    const slice = read(first, {}, { start_time: "2026-03-01", end_time: "2026-03-04" }, [
      "2026-03-03",
      undefined,
      "2026-03-02",
    ]);
    expect(first.parts(slice)).toMatchObject({ query: { from: "2026-03-01", to: "2026-03-04" } });
    expect(first.state()).toEqual({ updated: "2026-03-01" });
    first.close(slice);
    expect(first.state()).toEqual({ updated: "2026-03-03" });
    expect(windows(open(stepped, { updated: "2026-03-07" }))).toEqual([
      "2026-03-05..2026-03-08",
      "2026-03-09..2026-03-10",
    ]);
  });

  it("reads one moment when start and end are one, if it looks back", () => {
    const moment = { ...options, end: () => micros("2026-03-01") };
    expect(windows(open(datetimeCursor(moment)))).toEqual([]);
    expect(windows(open(datetimeCursor({ ...moment, lookback: duration("P2D") })))).toEqual(["2026-03-01..2026-03-01"]);
  });

  it("goes on behind the window that was resumed", () => {
    const cursor = open(datetimeCursor({ ...options, step: duration("P4D"), granularity: duration("P1D") }), {
      updated: "2026-03-02",
    });
    const slice = { partition: {}, window: { start_time: "2026-03-02", end_time: "2026-03-05" }, extra: {} };
    cursor.resume(slice, { highest: "2026-03-04" });
    cursor.close(slice);
    expect(cursor.state()).toEqual({ updated: "2026-03-04" });
    expect(windows(cursor)).toEqual(["2026-03-06..2026-03-10"]);
  });

  it("compares records, ends a feed and cuts a slice", () => {
    const cursor = open(datetimeCursor({ ...options, compares: "behind-paginator" }), { updated: "2026-03-05" });
    const [window = {}] = cursor.windows({});
    const slice = read(cursor, {}, window, ["2026-03-06", "2026-03-08"]);
    expect([cursor.keeps(slice, { updated: "2026-03-05" }), cursor.keeps(slice, { updated: "2026-03-04" })]).toEqual([
      true,
      false,
    ]);
    expect([cursor.keeps(slice, {}), cursor.isPassed(slice, { updated: "2026-03-01" })]).toEqual([true, true]);
    expect(cursor.narrow(slice)?.window).toEqual({ start_time: "2026-03-08", end_time: "2026-03-10" });
  });

  it("refuses a state that has none of its formats", () => {
    expect(() => open(datetimeCursor(options), { updated: "yesterday" })).toThrow(
      expect.objectContaining({ code: "state-invalid" }),
    );
  });
});

describe("a cursor by partition", () => {
  const strategy = perPartitionCursor({ ...options, global: false });

  it("has a state for each, and one for partitions that are new", () => {
    const cursor = open(strategy);
    for (const [id, value] of [
      [1, "2026-03-04"],
      [2, "2026-03-06"],
    ] as const) {
      const [window = {}] = cursor.windows({ id });
      cursor.close(read(cursor, { id }, window, [value]));
    }
    cursor.finish();
    const state = cursor.state();
    expect(state).toEqual({
      use_global_cursor: false,
      states: [
        { partition: { id: 1 }, cursor: { updated: "2026-03-04" } },
        { partition: { id: 2 }, cursor: { updated: "2026-03-06" } },
      ],
      state: { updated: "2026-03-06" },
      lookback_window: 0,
    });
    const next = open(strategy, state);
    expect([windows(next, { id: 1 }), windows(next, { id: 3 })]).toEqual([
      ["2026-03-04..2026-03-10"],
      ["2026-03-06..2026-03-10"],
    ]);
    expect(windows(open(strategy, { updated: "2026-03-08" }), { id: 9 })).toEqual(["2026-03-08..2026-03-10"]);
  });

  it("becomes one for all beyond its bound", () => {
    const bounded = perPartitionCursor({ ...options, global: false, partitionsMax: 3 });
    const cursor = open(bounded);
    for (let id = 0; id < 10; id += 1) {
      const [window = {}] = cursor.windows({ id });
      cursor.close(read(cursor, { id }, window, ["2026-03-05"]));
    }
    cursor.finish();
    expect(cursor.state()).toEqual({ use_global_cursor: true, state: { updated: "2026-03-05" }, lookback_window: 0 });
  });

  it("moves a global state only when everything is read", () => {
    const cursor = open(perPartitionCursor({ ...options, global: true }), {
      state: { updated: "2026-03-02" },
      states: [],
    });
    const [window = {}] = cursor.windows({ id: 1 });
    const slice = read(cursor, { id: 1 }, window, ["2026-03-09"]);
    cursor.close(slice);
    expect(cursor.state()).toMatchObject({ state: { updated: "2026-03-02" } });
    const resumed = open(perPartitionCursor({ ...options, global: true }), cursor.state());
    resumed.resume(slice, JSON.parse(JSON.stringify(cursor.pending(slice))));
    resumed.close(slice);
    resumed.finish();
    expect(resumed.state()).toMatchObject({ state: { updated: "2026-03-09" } });
  });

  it("refuses states that are none", () => {
    for (const state of ["x", { states: [1] }])
      expect(() => open(strategy, state)).toThrow(expect.objectContaining({ code: "state-invalid" }));
  });
});

it("a count reads from its highest value", () => {
  const strategy = countCursor({ field: "id", start: 5, option: inQuery("after") });
  const cursor = open(strategy);
  const [window = {}] = cursor.windows({});
  const slice = read(cursor, {}, window, [6, 9, "7"]);
  expect(cursor.parts(slice)).toMatchObject({ query: { after: 5 } });
  cursor.close(slice);
  expect(cursor.state()).toEqual({ id: 9 });
  expect([...open(strategy, { id: 9 }).windows({})]).toEqual([{ start: 9 }]);
});
