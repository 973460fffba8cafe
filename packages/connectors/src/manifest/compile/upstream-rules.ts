// api_budget and concurrency_level: how the upstream of a connector is treated.
import type { CallPolicy, UpstreamRules } from "../../rest-engine/manners/manners.ts";
import type { PreparedRequest } from "../../rest-engine/request.ts";
import { addDuration, parseIsoDuration } from "../../rest-engine/cursors/duration.ts";
import { isComponent } from "../load/source-lines.ts";
import { str } from "../template/python-text.ts";
import type { Part } from "./compile-context.ts";
import { searchRegex } from "./search-regex.ts";

const concurrencyDefault = 4;
const concurrencyMost = 40;

/** @param source DeclarativeSource */
export function upstreamRules(source: Part): UpstreamRules {
  const budget = source.part("api_budget");
  const concurrency = source.part("concurrency_level");
  const wanted = concurrency?.integer("default_concurrency") ?? concurrencyDefault;
  const most = concurrency?.integer("max_concurrency") ?? concurrencyMost;
  const statuses = budget?.of["status_codes_for_ratelimit_hit"];
  return {
    policies: budget?.parts("policies").map(callPolicy) ?? [],
    limitStatus: Array.isArray(statuses) ? (statuses as unknown[]).map(Number) : [429],
    concurrencyMax: Math.max(1, Math.min(wanted, most, concurrencyMost)),
    ...(budget === undefined
      ? {}
      : {
          remainingHeader: budget.string("ratelimit_remaining_header", "ratelimit-remaining"),
          resetHeader: budget.string("ratelimit_reset_header", "ratelimit-reset"),
        }),
  };
}

function callPolicy(part: Part): CallPolicy {
  const matches = matcher(part.parts("matchers"));
  return { rates: rates(part), ...(matches === undefined ? {} : { matches }) };
}

function rates(part: Part): CallPolicy["rates"] {
  if (part.type === "FixedWindowCallRatePolicy")
    return [{ limit: part.integer("call_limit") ?? 1, intervalMs: durationMs(part, "period") }];
  return part
    .parts("rates")
    .map((rate) => ({ limit: rate.integer("limit") ?? 1, intervalMs: durationMs(rate, "interval") }));
}

function durationMs(part: Part, field: string): number {
  const text = part.string(field);
  const found = parseIsoDuration(text);
  if (found === undefined)
    throw part.invalid(field, `"${field}" is ${JSON.stringify(text)}, which is no ISO 8601 duration such as PT1M`);
  return Number(addDuration(0n, found) / 1000n);
}

/** A policy without matchers concerns every request. */
function matcher(parts: readonly Part[]): CallPolicy["matches"] {
  if (parts.length === 0) return undefined;
  const tests = parts.map(requestMatcher);
  return (request) => tests.map((test) => test(request)).find((weight) => weight !== undefined);
}

function requestMatcher(part: Part): (request: PreparedRequest) => number | undefined {
  const method = part.string("method").toUpperCase();
  const base = part.string("url_base").replace(/\/+$/, "");
  const path = part.string("url_path_pattern") === "" ? undefined : searchRegex(part, "url_path_pattern");
  const [params, headers] = [expected(part, "params"), expected(part, "headers")];
  const weight = part.integer("weight") ?? 1;
  return ({ method: asked, url, headers: sent }) => {
    const fits =
      (method === "" || method === asked) &&
      (base === "" || base === url.origin || base === `${url.origin}${url.pathname}`) &&
      (path === undefined || path.test(url.pathname)) &&
      params.every(([name, value]) => url.searchParams.get(name) === value) &&
      headers.every(([name, value]) => sent[name.toLowerCase()] === value);
    return fits ? weight : undefined;
  };
}

function expected(part: Part, field: string): readonly (readonly [string, string])[] {
  const declared = part.of[field];
  return isComponent(declared)
    ? Object.entries(declared).map(([name, value]) => [name, str(part.text(field, value)(part.names()))] as const)
    : [];
}
