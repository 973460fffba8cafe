// Checks as authors write them: `not_null(col)`, `unique(a, b)`, `accepted_values(col, x, 'y, z')`, `sql(SELECT failing rows)`; as an object with
// `check`, `severity` and `name` to warn instead of block.
import { didYouMean, type MillraceError } from "@millrace/core";
import type { CheckDeclaration, Severity } from "./model.ts";

type Problem = (text: string) => MillraceError;

const kinds = ["not_null", "unique", "accepted_values", "sql"] as const;
const fields = ["check", "severity", "name"] as const;

export function parseCheck(raw: unknown, line: number, problem: Problem): CheckDeclaration {
  if (typeof raw === "string") return parseCall(raw, { severity: "block", name: raw.trim(), line }, problem);
  if (typeof raw !== "object" || raw === null)
    throw problem(`a check is text such as unique(id); received ${JSON.stringify(raw)}`);
  const { check, severity = "block", name = check, ...others } = raw as Record<string, unknown>;
  const other = Object.keys(others)[0];
  if (other !== undefined)
    throw problem(`a check has no field "${other}"; ${fields.join(", ")} would be valid${didYouMean(other, fields)}`);
  if (typeof check !== "string") throw problem("a check needs the field check, such as check: unique(id)");
  if (severity !== "block" && severity !== "warn")
    throw problem(`severity is block or warn; received ${JSON.stringify(severity)}`);
  if (typeof name !== "string") throw problem(`the name of a check is text; received ${JSON.stringify(name)}`);
  return parseCall(check, { severity, name: name.trim(), line }, problem);
}

function parseCall(
  text: string,
  about: { readonly severity: Severity; readonly name: string; readonly line: number },
  problem: Problem,
): CheckDeclaration {
  const call = /^\s*([a-z_]+)\s*\(([\s\S]*)\)\s*$/.exec(text);
  const kind = kinds.find((one) => one === call?.[1]);
  const written = call?.[1] ?? text;
  if (kind === undefined)
    throw problem(`unknown check "${text}"; ${kinds.join(", ")} would be valid${didYouMean(written, kinds)}`);
  const inside = (call?.[2] ?? "").trim();
  if (inside === "") throw problem(`check "${text}" needs arguments`);
  if (kind === "sql") return { ...about, kind, sql: unquoted(inside) };
  const args = argumentsOf(inside);
  const [column = "", ...values] = args;
  if (args.includes("")) throw problem(`check "${text}" has an empty argument`);
  if (kind === "unique") return { ...about, kind, columns: args };
  if (kind === "not_null") {
    if (values.length > 0) throw problem(`not_null takes one column; received ${args.length}`);
    return { ...about, kind, column };
  }
  if (values.length === 0) throw problem("accepted_values takes a column and at least one value");
  return { ...about, kind, column, values };
}

/** Splits at commas outside quotes. */
function argumentsOf(text: string): string[] {
  const parts = text.match(/(?:'[^']*'|"[^"]*"|[^,'"])+|(?<=,)(?=,|$)/g) ?? [];
  return parts.map((part) => unquoted(part.trim()));
}

function unquoted(text: string): string {
  return /^'[^']*'$|^"[^"]*"$/.test(text) ? text.slice(1, -1) : text;
}

/** True when every bracket outside quotes is closed. */
export function isBalanced(text: string): boolean {
  let depth = 0;
  for (const [mark] of text.matchAll(/'[^']*'|"[^"]*"|[()]/g)) depth += mark === "(" ? 1 : mark === ")" ? -1 : 0;
  return depth <= 0;
}
