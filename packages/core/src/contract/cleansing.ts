// Cleansing of source text before it is converted and judged: steps as data, and the expression that they stand for. quality compiles it to both sides.
import type { Expression } from "./expression.ts";

export type CleansingStep =
  | { readonly step: "trim" | "collapse" | "lower" | "upper" | "country" | "currency" }
  /** Texts that mean no value. */
  | { readonly step: "nullIf"; readonly values: readonly string[] }
  /** Numbers of another spelling: `1.234,50`. */
  | { readonly step: "number"; readonly decimal: string; readonly group: string }
  /** Dates and times of other formats, the first that fits: `DD.MM.YYYY`. */
  | { readonly step: "date"; readonly formats: readonly string[] }
  /** To `+` and digits; national numbers get the calling code. */
  | { readonly step: "phone"; readonly callingCode: string }
  | { readonly step: "map"; readonly entries: Readonly<Record<string, string>>; readonly others: "keep" | "missing" }
  | { readonly step: "default"; readonly value: string };

/** The cleansed text of a column whose source text is `source`. Text that a step does not know stays as it is. */
export function cleansed(steps: readonly CleansingStep[], source: Expression): Expression {
  return steps.reduce(apply, source);
}

function apply(of: Expression, step: CleansingStep): Expression {
  switch (step.step) {
    case "nullIf":
      return choose({ op: "among", of, values: step.values }, { op: "nothing" }, of);
    case "number":
      return plainNumber(of, step.decimal, step.group);
    case "date":
      return step.formats.toReversed().reduce((otherwise, format) => isoDate(of, format, otherwise), of);
    case "phone":
      return internationalPhone(of, step.callingCode);
    case "country":
      return { op: "lookup", of: text("upper", text("trim", of)), entries: countries(), others: "keep" };
    case "currency":
      return {
        op: "lookup",
        of: text("upper", text("trim", of)),
        entries: [
          ["€", "EUR"],
          ["£", "GBP"],
        ],
        others: "keep",
      };
    case "map":
      return { op: "lookup", of, entries: Object.entries(step.entries), others: step.others };
    case "default":
      return choose({ op: "missing", of }, { op: "value", value: step.value, written: "text" }, of);
    default:
      return text(step.step, of);
  }
}

function text(to: "trim" | "collapse" | "lower" | "upper", of: Expression): Expression {
  return { op: "change", to, of };
}

function choose(when: Expression, chosen: Expression, otherwise: Expression): Expression {
  return { op: "choose", when, chosen, otherwise };
}

function escaped(literal: string): string {
  return literal.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}

function plainNumber(of: Expression, decimal: string, group: string): Expression {
  const fraction = `(?:${escaped(decimal)}[0-9]+)?`;
  const grouped = group === "" ? "" : `^[+-]?[0-9]{1,3}(?:${escaped(group)}[0-9]{3})+${fraction}$|`;
  const matches: Expression = { op: "matches", of, pattern: `${grouped}^[+-]?[0-9]+${fraction}$` };
  const together: Expression = group === "" ? of : { op: "replace", of, find: group, with: "" };
  return choose(matches, { op: "replace", of: together, find: decimal, with: "." }, of);
}

const tokens = /YYYY|MM|M|DD|D|HH|H|mm|ss|[^YMDHms]/g;
const digits: Readonly<Record<string, string>> = {
  YYYY: "([0-9]{4})",
  MM: "([0-9]{2})",
  M: "([0-9]{1,2})",
  DD: "([0-9]{2})",
  D: "([0-9]{1,2})",
  HH: "([0-9]{2})",
  H: "([0-9]{1,2})",
  mm: "([0-9]{2})",
  ss: "([0-9]{2})",
};

/** True where a format names a year, a month and a day, and a minute with its hour. */
export function isDateFormat(format: string): boolean {
  const found = format.match(tokens) ?? [];
  const count = (letter: string): number => found.filter((token) => token.startsWith(letter) && token in digits).length;
  const once = ["Y", "M", "D"].every((letter) => count(letter) === 1);
  return once && found.join("") === format && count("H") <= 1 && count("m") === count("H") && count("s") <= count("m");
}

function isoDate(of: Expression, format: string, otherwise: Expression): Expression {
  const found = format.match(tokens) ?? [];
  const pattern = found.map((token) => digits[token] ?? escaped(token)).join("");
  const groups = found.filter((token) => token in digits);
  const group = (letter: string, width: number) => ({
    group: groups.findIndex((token) => token.startsWith(letter)) + 1,
    width,
  });
  const clock = groups.some((token) => token.startsWith("H"))
    ? ["T", group("H", 2), ":", group("m", 2), ":", groups.includes("ss") ? group("s", 2) : "00"]
    : [];
  const parts = [group("Y", 4), "-", group("M", 2), "-", group("D", 2), ...clock];
  return { op: "rewrite", of, pattern: `^${pattern}$`, parts, otherwise };
}

function internationalPhone(of: Expression, callingCode: string): Expression {
  const digitsOnly = ["(0)", " ", "\u00a0", "-", "(", ")", ".", "/"].reduce<Expression>(
    (rest, find) => ({ op: "replace", of: rest, find, with: "" }),
    of,
  );
  const national: Expression = {
    op: "rewrite",
    of: digitsOnly,
    pattern: "^0([1-9][0-9]+)$",
    parts: [`+${callingCode}`, { group: 1, width: 0 }],
    otherwise: digitsOnly,
  };
  const international: Expression = {
    op: "rewrite",
    of: digitsOnly,
    pattern: "^00([1-9][0-9]+)$",
    parts: ["+", { group: 1, width: 0 }],
    otherwise: national,
  };
  return choose({ op: "matches", of, pattern: "^[+]?[0-9 \u00a0()./-]+$" }, international, of);
}

/** Codes that are no countries: reserved, private or for groups. */
const notCountries = /^(?:AC|CP|DG|EA|EU|EZ|IC|QO|TA|UN|X.|ZZ)$/;

/** English names of countries in capitals, as the runtime's own data has them, to their codes. */
function countries(): readonly (readonly [string, string])[] {
  const names = new Intl.DisplayNames("en", { type: "region", fallback: "none" });
  const letters = Array.from({ length: 26 }, (_, at) => String.fromCharCode(65 + at));
  const found = new Map<string, string>();
  for (const code of letters.flatMap((first) => letters.map((second) => first + second))) {
    const name = names.of(code)?.toUpperCase();
    // A code that was given up has the name of its successor.
    const current = new Intl.Locale(`und-${code}`).region === code;
    if (name !== undefined && current && !notCountries.test(code)) found.set(name, code);
  }
  return [...found];
}
