// Rules over several rows, written with `check` as an author would.
import type { HistoryCheck, SetCheck } from "@millrace/core";
import { data, numberOrText, quoted } from "./literal.ts";
import { expressionText } from "./write-expression.ts";

/** @param use called with the name of each function of Millrace that the text needs */
export function setText(set: SetCheck, use: (name: string) => void): string {
  const text = callText(set, use);
  if (text !== undefined) use("check");
  return text ?? data(set);
}

function callText(set: SetCheck, use: (name: string) => void): string | undefined {
  switch (set.set) {
    case "unique":
      return call(set.keep === "first" ? "unique" : "uniqueLast", set.columns.map(quoted));
    case "exists":
      return existsText(set, use);
    case "noOverlap":
      return call("noOverlap", [quoted(set.start), quoted(set.end)], by(set));
    case "sequence":
      return call("sequence", [quoted(set.column)], { ...by(set), ...(set.step === 1 ? {} : { step: set.step }) });
    case "increasing":
      return call("increasing", [quoted(set.column)], by(set));
    case "outliers":
      return call("outliers", [quoted(set.column)], set.deviations === 3 ? {} : { deviations: set.deviations });
    case "drift":
      return driftText(set);
    case "anomaly":
      return call("anomaly", [quoted(set.of), quoted(set.column)], bandOptions(set, {}));
    case "volume":
      return call("volume", [], {
        ...bandOptions(set, {
          ...(set.per === "batch" ? {} : { per: set.per }),
          ...(set.by === undefined ? {} : { by: set.by }),
          ...(set.first === "pass" ? {} : { first: set.first }),
        }),
      });
    case "arrival":
      return call("arrival", [], bandOptions(set, {}));
    default:
      return wholeText(set);
  }
}

function existsText(set: Extract<SetCheck, { set: "exists" }>, use: (name: string) => void): string | undefined {
  const [column, another] = set.columns;
  const [parent, anotherParent] = set.parentColumns;
  if (column === undefined || parent === undefined || another !== undefined || anotherParent !== undefined)
    return undefined;
  const given = [quoted(column), quoted(`${set.table}.${parent}`)];
  if (set.when !== undefined) given.push(`{ when: ${expressionText(set.when, use)} }`);
  return `check.exists(${given.join(", ")})`;
}

type Whole = Exclude<
  SetCheck,
  HistoryCheck | { set: "unique" | "exists" | "noOverlap" | "sequence" | "increasing" | "outliers" | "drift" }
>;

/** Kinds that judge the set as a whole; a scope is written where it is not the kind's own. */
function wholeText(set: Whole): string {
  const scope = (own: string): object => (set.scope === own ? {} : { scope: set.scope });
  switch (set.set) {
    case "rowCount":
      return call("rowCount", [], { ...range(set), ...scope("batch") }, true);
    case "aggregate":
      return call("aggregate", [quoted(set.of), quoted(set.column)], { ...range(set), ...scope("batch") }, true);
    case "quantile":
      return call(
        "quantile",
        [numberOrText(String(set.at)), quoted(set.column)],
        { ...range(set), ...scope("batch") },
        true,
      );
    case "freshness":
      return call("freshness", [quoted(set.column)], { withinMinutes: set.withinMinutes, ...scope("batch") });
    case "noGaps":
      return call("noGaps", [quoted(set.column)], { per: set.per, ...scope("batch") });
    case "sameCount":
      return call("sameCount", [quoted(set.table)], {
        ...(set.difference === 0 ? {} : { difference: set.difference }),
        ...scope("table"),
      });
    case "fewerRows":
      return call("fewerRows", [quoted(set.table)], scope("table"));
    case "sameRows":
      return call("sameRows", [quoted(set.table), data(set.columns)], scope("table"));
  }
}

/** What `check` takes for granted. */
const usual = {
  direction: "both",
  season: "none",
  windowDays: 14,
  pointsMin: 7,
  changeMin: 0.05,
  deviations: 3,
} as const;

function bandOptions(set: HistoryCheck, own: object): object {
  const ups = set.set === "arrival" ? { ...usual, direction: "up" } : usual;
  const stated = Object.entries(ups).filter(([name, value]) => {
    const said = set[name as keyof typeof usual];
    return said !== undefined && said !== value;
  });
  const said = Object.fromEntries(stated.map(([name]) => [name, set[name as keyof typeof usual]]));
  return { ...own, ...said, ...(set.tail === undefined ? {} : { tail: set.tail }) };
}

function driftText({ column, max, method, rowsMin }: Extract<SetCheck, { set: "drift" }>): string {
  return call("drift", [quoted(column)], {
    max,
    ...(method === "psi" ? {} : { method }),
    ...(rowsMin === 100 ? {} : { rowsMin }),
  });
}

function by(set: { readonly by: readonly string[] }): object {
  return set.by.length === 0 ? {} : { by: set.by };
}

function range({ min, max }: { readonly min?: number; readonly max?: number }): object {
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

function call(name: string, given: readonly string[], options: object = {}, always = false): string {
  const last = always || Object.keys(options).length > 0 ? [data(options)] : [];
  return `check.${name}(${[...given, ...last].join(", ")})`;
}
