// Reads by a number that grows: from the highest value that was seen.
import { MillraceError } from "@millrace/core";
import { partOf } from "../build-request.ts";
import { keepable } from "../keepable.ts";
import type { CursorStrategy, OpenCursor } from "../components.ts";
import type { RequestOption } from "../request.ts";
import { valueAtPath } from "../record-path.ts";
import type { Fields } from "../slice.ts";

export interface CountCursorOptions {
  readonly field: string;
  readonly start: number;
  readonly option?: RequestOption;
}

/** State: `{ <field>: <highest value> }`. */
export function countCursor(options: CountCursorOptions): CursorStrategy {
  return { field: [options.field], compares: "never", open: (_, state) => openCount(options, state) };
}

function openCount({ field, start, option }: CountCursorOptions, state: unknown): OpenCursor {
  const from = storedCount(state, field) ?? start;
  let highest = from;
  let pending: number | undefined;
  let isResumed = false;
  return {
    windows: () => (isResumed ? [] : [{ start: from }]),
    parts: ({ window }) => partOf(option, window["start"]),
    observe(_, { values }) {
      for (const value of values) {
        const kept = keepable(value);
        const count = typeof kept === "string" ? Number(kept) : kept;
        if (typeof count === "number" && Number.isFinite(count) && count > (pending ?? -Infinity)) pending = count;
      }
    },
    close() {
      highest = Math.max(highest, pending ?? highest);
      pending = undefined;
    },
    finish: () => undefined,
    keeps: (_, record) => Number(valueAtPath(record, [field])) >= from,
    isPassed: () => false,
    narrow: (slice) => (pending === undefined ? undefined : { ...slice, window: { start: pending } }),
    state: () => ({ [field]: highest }),
    pending: () => ({ highest: pending ?? null }),
    resume(_, stored) {
      const value = (stored as Fields | undefined)?.["highest"];
      pending = typeof value === "number" ? value : undefined;
      isResumed = true;
    },
  };
}

function storedCount(state: unknown, field: string): number | undefined {
  const value = (state as Fields | null | undefined)?.[field];
  if (value === undefined || value === null) return undefined;
  if (Number.isFinite(Number(value))) return Number(value);
  throw new MillraceError(
    "state-invalid",
    `The state of field "${field}" is ${JSON.stringify(value)}; a number is expected.`,
  );
}
