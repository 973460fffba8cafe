// DatetimeBasedCursor and IncrementingCountCursor.
import type { CursorStrategy } from "../../rest-engine/components.ts";
import { countCursor } from "../../rest-engine/cursors/count-cursor.ts";
import {
  datetimeCursor,
  type DatetimeCursorOptions,
  type TimeCodec,
} from "../../rest-engine/cursors/datetime-cursor.ts";
import { parseIsoDuration, type CalendarDuration } from "../../rest-engine/cursors/duration.ts";
import { perPartitionCursor } from "../../rest-engine/cursors/per-partition-cursor.ts";
import type { ClampTarget } from "../../rest-engine/cursors/clamp.ts";
import { isComponent } from "../load/source-lines.ts";
import { formatDatetime, parseDatetime } from "../template/dates/cursor-format.ts";
import { PyDatetime } from "../template/dates/date-values.ts";
import { str } from "../template/python-text.ts";
import { PythonError } from "../template/python-values.ts";
import type { Part } from "./compile-context.ts";
import { optionField } from "./request-options.ts";
import { stateMigration } from "./state-migrations.ts";

const isoDefault = "%Y-%m-%dT%H:%M:%S.%f%z";

/** @param stream DeclarativeStream, for its state migrations @throws MillraceError manifest-invalid for a format or duration that does not parse */
export function cursorStrategy(
  part: Part,
  { stream, partitioned }: { readonly stream: Part; readonly partitioned: boolean },
): CursorStrategy {
  if (part.type === "IncrementingCountCursor") return incrementingCount(part, partitioned);
  const options = datetimeOptions(part);
  if (!partitioned) return datetimeCursor(options);
  const migrate = stateMigration(stream, options.field);
  return perPartitionCursor({
    ...options,
    global: part.is("global_substream_cursor"),
    ...(migrate === undefined ? {} : { migrate }),
  });
}

function incrementingCount(part: Part, partitioned: boolean): CursorStrategy {
  if (partitioned) throw part.invalid("cursor_field", "an IncrementingCountCursor cannot be kept by partition");
  return countCursor({
    field: part.string("cursor_field"),
    start: part.number("start_value") ?? 0,
    ...optionField("option", part.part("start_value_option")),
  });
}

function datetimeOptions(part: Part): DatetimeCursorOptions {
  const format = part.string("datetime_format", isoDefault);
  const formats = part.of["cursor_datetime_formats"];
  const accepted = [...(Array.isArray(formats) ? (formats as unknown[]).map(String) : []), format];
  for (const one of accepted) demandFormat(part, one);
  const [step, granularity] = [duration(part, "step"), duration(part, "cursor_granularity")];
  if ((step === undefined) !== (granularity === undefined))
    throw part.invalid("step", "step and cursor_granularity belong together; one of them is missing");
  const lookback = duration(part, "lookback_window");
  const clamp = clamping(part);
  return {
    field: part.string("cursor_field"),
    codec: codec(accepted, format),
    start: moment(part, "start_datetime", format) ?? (() => 0n),
    end: moment(part, "end_datetime", format) ?? ((nowMicros) => nowMicros),
    names: [part.string("partition_field_start", "start_time"), part.string("partition_field_end", "end_time")],
    strict: part.is("is_compare_strictly"),
    compares: part.is("is_data_feed")
      ? "behind-paginator"
      : part.is("is_client_side_incremental")
        ? "in-selector"
        : "never",
    ...(step === undefined ? {} : { step }),
    ...(granularity === undefined ? {} : { granularity }),
    ...(lookback === undefined ? {} : { lookback }),
    ...(clamp === undefined ? {} : { clamp }),
    ...optionField("startOption", part.part("start_time_option")),
    ...optionField("endOption", part.part("end_time_option")),
  };
}

/** A format that cannot be read is an error before anything runs, not at the first record. */
function demandFormat(part: Part, format: string): void {
  const sample = PyDatetime.fromEpochMicros(1_700_000_000_000_000n);
  try {
    parseDatetime(formatDatetime(sample, format), format);
  } catch (thrown) {
    if (!(thrown instanceof PythonError)) throw thrown;
    throw part.invalid(
      "datetime_format",
      `the cursor format ${JSON.stringify(format)} cannot be read: ${thrown.message}`,
    );
  }
}

function codec(accepted: readonly string[], format: string): TimeCodec {
  return {
    parse(value) {
      for (const one of accepted) {
        const found = parsed(value, one);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    format: (micros) => formatDatetime(PyDatetime.fromEpochMicros(micros), format),
  };
}

function parsed(value: unknown, format: string): bigint | undefined {
  try {
    return parseDatetime(value, format).epochMicros();
  } catch (thrown) {
    if (thrown instanceof PythonError) return undefined;
    throw thrown;
  }
}

function duration(part: Part, field: string): CalendarDuration | undefined {
  const text = part.string(field);
  if (text === "") return undefined;
  const found = parseIsoDuration(text);
  if (found === undefined)
    throw part.invalid(
      field,
      `"${field}" is ${JSON.stringify(text)}, which is no ISO 8601 duration such as P30D or PT1H`,
    );
  return found;
}

const weekdays = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];

function clamping(part: Part): ClampTarget | undefined {
  const declared = part.of["clamping"];
  if (!isComponent(declared)) return undefined;
  const target = str(part.text("clamping", declared["target"])(part.names()));
  if (target === "DAY" || target === "MONTH") return { unit: target === "DAY" ? "day" : "month" };
  const details = declared["target_details"];
  const weekday = weekdays.indexOf(isComponent(details) ? str(details["weekday"]).toUpperCase() : "");
  if (target !== "WEEK" || weekday < 0)
    throw part.invalid("clamping", "clamping is to DAY, MONTH, or WEEK with a weekday in target_details");
  return { unit: "week", weekday };
}

type Moment = (nowMicros: bigint) => bigint;

/** A date from the config, with its bounds. Dates that are now are asked anew for each read. */
function moment(part: Part, field: string, format: string): Moment | undefined {
  const declared = part.of[field];
  if (declared === undefined || declared === "") return undefined;
  const bounded = part.part(field);
  if (bounded === undefined) return reader(part, field, format);
  const own = bounded.string("datetime_format") || format;
  const value = reader(bounded, "datetime", own);
  const bounds = (["min_datetime", "max_datetime"] as const).map((name) =>
    bounded.of[name] === undefined ? undefined : reader(bounded, name, own, true),
  );
  return (nowMicros) => {
    const [min, max] = bounds.map((bound) => bound?.(nowMicros));
    let found = value(nowMicros);
    if (min !== undefined && min > found) found = min;
    if (max !== undefined && max < found) found = max;
    return found;
  };
}

function reader(part: Part, field: string, format: string): Moment;
function reader(part: Part, field: string, format: string, optional: true): (nowMicros: bigint) => bigint | undefined;
function reader(
  part: Part,
  field: string,
  format: string,
  optional = false,
): (nowMicros: bigint) => bigint | undefined {
  const text = part.text(field);
  return () => {
    const value = str(text(part.names()));
    if (optional && value === "") return undefined;
    try {
      return parseDatetime(value, format).epochMicros();
    } catch (thrown) {
      if (!(thrown instanceof PythonError)) throw thrown;
      throw part.invalid(field, `${JSON.stringify(value)} does not fit the format ${JSON.stringify(format)}`);
    }
  };
}
