// Checks as authors write them: `not_null(col)`, `unique(a, b)`, `accepted_values(col, x, y)`, `sql(SELECT failing rows)`; as an object with
// `check`, `severity` and `name` to warn instead of block.
import { didYouMean, type MillraceError } from "@millrace/core";
import type { CheckDeclaration, Severity } from "./model.ts";

const kinds = ["not_null", "unique", "accepted_values", "sql"] as const;

export function parseCheck(raw: unknown, problem: (text: string) => MillraceError): CheckDeclaration {
  if (typeof raw === "string") return parseCall(raw, "block", undefined, problem);
  if (typeof raw !== "object" || raw === null)
    throw problem(`a check is text such as unique(id); received ${JSON.stringify(raw)}`);
  const { check, severity = "block", name, ...others } = raw as Record<string, unknown>;
  const other = Object.keys(others)[0];
  if (other !== undefined) throw problem(`a check has no field "${other}"; check, severity and name would be valid`);
  if (typeof check !== "string") throw problem(`a check needs the field check, such as check: unique(id)`);
  if (severity !== "block" && severity !== "warn")
    throw problem(`severity is block or warn; received ${JSON.stringify(severity)}`);
  return parseCall(check, severity, typeof name === "string" ? name : undefined, problem);
}

/** A list written as `[not_null(a), unique(a, b)]` is split by YAML at the comma inside the call; this puts such calls together again. */
export function rejoinCalls(raw: readonly unknown[]): unknown[] {
  const whole: unknown[] = [];
  let open: string | undefined;
  for (const part of raw) {
    const plain = typeof part === "object" ? undefined : String(part as string | number | boolean);
    if (plain === undefined || (open === undefined && !isOpen(plain))) {
      whole.push(...(open === undefined ? [] : [open]), part);
      open = undefined;
      continue;
    }
    open = open === undefined ? plain : `${open}, ${plain}`;
    if (isOpen(open)) continue;
    whole.push(open);
    open = undefined;
  }
  return open === undefined ? whole : [...whole, open];
}

function isOpen(text: string): boolean {
  const code = text.replace(/'[^']*'|"[^"]*"/g, "");
  return code.split("(").length > code.split(")").length;
}

function parseCall(
  text: string,
  severity: Severity,
  name: string | undefined,
  problem: (text: string) => MillraceError,
): CheckDeclaration {
  const call = /^\s*([a-z_]+)\s*\(([\s\S]*)\)\s*$/.exec(text);
  const kind = call?.[1] ?? text;
  if (call === null || !(kinds as readonly string[]).includes(kind)) {
    throw problem(`unknown check "${text}"; ${kinds.join(", ")} would be valid${didYouMean(kind, kinds)}`);
  }
  const inside = (call[2] ?? "").trim();
  const args = inside.split(",").map((arg) => unquoted(arg.trim()));
  const named = { severity, name: name ?? text.trim() };
  const [column = "", ...values] = args;
  if (inside === "") throw problem(`check "${text}" needs arguments`);
  switch (kind) {
    case "not_null":
      if (values.length > 0) throw problem(`not_null takes one column; received ${args.length}`);
      return { ...named, kind, column };
    case "unique":
      return { ...named, kind, columns: args };
    case "accepted_values":
      if (values.length === 0) throw problem(`accepted_values takes a column and at least one value`);
      return { ...named, kind, column, values };
    default:
      return { ...named, kind: "sql", sql: inside };
  }
}

function unquoted(text: string): string {
  return /^(['"]).*\1$/.test(text) ? text.slice(1, -1) : text;
}
