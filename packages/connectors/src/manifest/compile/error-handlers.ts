// DefaultErrorHandler, CompositeErrorHandler and their filters and waits.
import type { ErrorHandler, Resolution, ResponseAction } from "../../rest-engine/components.ts";
import {
  compositeErrors,
  constantBackoff,
  exponentialBackoff,
  filteredErrors,
  waitTimeFromHeader,
  waitUntilFromHeader,
  type BackoffStrategy,
  type ResponseFilter,
} from "../../rest-engine/errors/response-filters.ts";
import type { Answer } from "../../rest-engine/request.ts";
import { str } from "../template/python-text.ts";
import type { Part } from "./compile-context.ts";
import { customPart } from "./custom-part.ts";
import { searchRegex } from "./search-regex.ts";

const retriesDefault = 5;
const retriesMax = 100;
const waitMsMax = 600_000;

const failures: Readonly<Record<string, Resolution["failure"]>> = {
  system_error: "system",
  config_error: "config",
  transient_error: "transient",
};

export function errorHandler(part: Part | undefined): ErrorHandler {
  if (part === undefined)
    return filteredErrors({ filters: [], backoff: [], attemptsMax: retriesDefault + 1, waitMsMax });
  if (part.type === "CustomErrorHandler") return customPart(part, "CustomErrorHandler");
  if (part.type !== "CompositeErrorHandler") return defaultHandler(part);
  const [first, ...rest] = part.parts("error_handlers").map(errorHandler);
  if (first === undefined) throw part.invalid("error_handlers", "a CompositeErrorHandler needs at least one handler");
  return compositeErrors([first, ...rest]);
}

function defaultHandler(part: Part): ErrorHandler {
  const retries =
    part.of["max_retries"] === undefined ? retriesDefault : (part.integer("max_retries") ?? retriesDefault);
  return filteredErrors({
    filters: part.parts("response_filters").flatMap(responseFilters),
    backoff: part.parts("backoff_strategies").map(backoffStrategy),
    attemptsMax: Math.min(Math.max(retries, 0), retriesMax) + 1,
    waitMsMax,
  });
}

/** A filter without an action changes nothing. */
function responseFilters(part: Part): readonly ResponseFilter[] {
  const { action } = part.of;
  if (typeof action !== "string") return [];
  const predicate = part.condition("predicate");
  const contains = part.string("error_message_contains");
  const message = part.of["error_message"] === undefined ? undefined : part.text("error_message");
  const seen = (answer: Answer, document: unknown) => part.names({ response: document, headers: answer.headers });
  return [
    {
      action: action as ResponseAction,
      ...(typeof part.of["failure_type"] === "string"
        ? { failure: failures[part.of["failure_type"]] ?? "system" }
        : {}),
      statuses: Array.isArray(part.of["http_codes"]) ? (part.of["http_codes"] as unknown[]).map(Number) : [],
      ...(contains === "" ? {} : { contains }),
      ...(predicate === undefined
        ? {}
        : { predicate: (answer: Answer, document: unknown) => predicate(seen(answer, document)) }),
      ...(message === undefined
        ? {}
        : { message: (answer: Answer, document: unknown) => str(message(seen(answer, document))) }),
    },
  ];
}

function backoffStrategy(part: Part): BackoffStrategy {
  switch (part.type) {
    case "ConstantBackoffStrategy":
      return constantBackoff((part.number("backoff_time_in_seconds") ?? 0) * 1000, jitterMs(part));
    case "ExponentialBackoffStrategy":
      return exponentialBackoff((part.number("factor") ?? 5) * 1000, jitterMs(part));
    case "WaitTimeFromHeader":
      return waitTimeFromHeader(headerWait(part));
    case "WaitUntilTimeFromHeader": {
      const minimum = part.number("min_wait");
      return waitUntilFromHeader({ ...headerWait(part), ...(minimum === undefined ? {} : { minMs: minimum * 1000 }) });
    }
    default:
      return customPart(part, "CustomBackoffStrategy");
  }
}

function jitterMs(part: Part): number {
  return Math.max(0, part.number("jitter_range_in_seconds") ?? 0) * 1000;
}

function headerWait(part: Part): Parameters<typeof waitTimeFromHeader>[0] {
  const regex = part.string("regex");
  const longest = part.number("max_waiting_time_in_seconds");
  return {
    header: part.string("header"),
    ...(regex === "" ? {} : { regex: searchRegex(part, "regex") }),
    ...(longest === undefined ? {} : { maxMs: longest * 1000 }),
  };
}
