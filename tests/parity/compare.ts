// Compares one sync of Millrace with the reference's: which requests were sent, in which order within a walk of pages, and which records came out.
import { headersThatMatter, requestKey, stableJson } from "./canonical.ts";
import type { Exchange, GoldenSync, SentRequest } from "./golden.ts";
import type { Seen } from "./replay-upstream.ts";

const SHOWN_CHARS_MAX = 600;

function shown(text: string): string {
  return text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}...` : text;
}

function headerDifference(expected: SentRequest, actual: SentRequest): string | undefined {
  const wanted = headersThatMatter(expected.headers);
  const got = headersThatMatter(actual.headers);
  for (const name of new Set([...Object.keys(wanted), ...Object.keys(got)])) {
    // A library may say what it accepts when the reference says nothing.
    if (wanted[name] === undefined && name === "accept") continue;
    if (wanted[name] !== got[name]) {
      return `header ${name} of ${requestKey(expected)}\n  reference: ${wanted[name] ?? "(none)"}\n  Millrace:  ${got[name] ?? "(none)"}`;
    }
  }
  return undefined;
}

/** The reference logs in once per component; sharing a token among them is no difference, as long as the same is asked. */
function isLogin({ for: purpose }: Exchange): boolean {
  return purpose === "oauth" || purpose === "login" || purpose === "session";
}

/** Asked once is enough: logins, and pages of parents, of which the reference remembers some. */
function onceSuffices(exchange: Exchange): boolean {
  return exchange.cached === true || (exchange.for !== "main" && exchange.for !== "create" && exchange.for !== "poll");
}

/** Requests that the reference sent and Millrace did not, or the other way round. */
function missingOrExtra(golden: GoldenSync, seen: readonly Seen[]): string | undefined {
  const used = new Set(seen.map((one) => one.exchange));
  const asked = new Set(seen.map((one) => one.key));
  const logins = new Set(golden.exchanges.filter(isLogin).map(({ request }) => requestKey(request)));
  const missing = golden.exchanges.findIndex(
    (one, index) => !used.has(index) && !(onceSuffices(one) && asked.has(requestKey(one.request))),
  );
  const extra = seen.findIndex((one) => one.exchange === undefined && !logins.has(one.key));
  const expected = golden.exchanges[missing];
  const actual = seen[extra];
  if (expected === undefined && actual === undefined) return undefined;
  const counts = `${String(golden.exchanges.length)} requests by the reference, ${String(seen.length)} by Millrace`;
  const reference = expected === undefined ? "(nothing more)" : `${requestKey(expected.request)} (${expected.for})`;
  return `${counts}\n  reference: ${shown(reference)}\n  Millrace:  ${shown(actual?.key ?? "(not sent)")}`;
}

function disorder(golden: GoldenSync, seen: readonly Seen[]): string | undefined {
  const last = new Map<number, number>();
  for (const { exchange, key } of seen) {
    const lane = exchange === undefined ? null : (golden.exchanges[exchange]?.lane ?? null);
    if (exchange === undefined || lane === null) continue;
    if ((last.get(lane) ?? -1) > exchange) return `pages of one walk out of order: ${shown(key)} came late`;
    last.set(lane, exchange);
  }
  return undefined;
}

/** The first difference between the requests, readable; undefined when there is none. */
export function requestDifference(golden: GoldenSync, seen: readonly Seen[]): string | undefined {
  const found = missingOrExtra(golden, seen);
  if (found !== undefined) return found;
  for (const one of seen) {
    const expected = golden.exchanges[one.exchange ?? -1];
    const header = expected && headerDifference(expected.request, one.request);
    if (header !== undefined) return header;
  }
  return disorder(golden, seen);
}

function fieldDifference(
  expected: Readonly<Record<string, unknown>>,
  actual: Readonly<Record<string, unknown>>,
): string {
  for (const name of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const wanted = name in expected ? stableJson(expected[name]) : "(absent)";
    const got = name in actual ? stableJson(actual[name]) : "(absent)";
    if (wanted !== got) return `field ${name}\n  reference: ${shown(wanted)}\n  Millrace:  ${shown(got)}`;
  }
  return "";
}

/** The first difference between the records as multisets, readable; undefined when there is none. */
export function recordDifference(
  golden: GoldenSync,
  records: readonly Readonly<Record<string, unknown>>[],
): string | undefined {
  const left = new Map<string, number>();
  for (const record of records) {
    const text = stableJson(record);
    left.set(text, (left.get(text) ?? 0) + 1);
  }
  const missing = golden.records.findIndex((record) => {
    const text = stableJson(record);
    const count = left.get(text) ?? 0;
    if (count > 0) left.set(text, count - 1);
    return count === 0;
  });
  const counts = `${String(golden.records.length)} records by the reference, ${String(records.length)} by Millrace`;
  const expected = golden.records[missing];
  if (expected !== undefined) {
    const near = records[missing];
    return `${counts}; record ${String(missing + 1)}: ${near === undefined ? shown(stableJson(expected)) : fieldDifference(expected, near)}`;
  }
  const extra = [...left].find(([, count]) => count > 0);
  return extra === undefined ? undefined : `${counts}; only Millrace: ${shown(extra[0])}`;
}
