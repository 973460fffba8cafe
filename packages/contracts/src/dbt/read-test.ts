// One data test of a dbt property file, in any of the ways in which dbt lets it be written.
import type { Severity } from "@millrace/core";
import { isFields, textOf, type Fields } from "../document/located.ts";

export interface DbtTest {
  /** `not_null`, `dbt_utils.accepted_range`; `data_test` where it has none. */
  readonly kind: string;
  /** A name that its author gave it. */
  readonly name: string | undefined;
  readonly given: Fields;
  /** Absent for dbt's default, which is an error. */
  readonly severity: Severity | undefined;
  readonly description: string | undefined;
  /** Why it cannot be translated whatever its kind is; undefined when nothing is in the way. */
  readonly obstacle: string | undefined;
}

const settings = [
  "config",
  "name",
  "test_name",
  "arguments",
  "description",
  "severity",
  "where",
  "tags",
  "meta",
  "error_if",
  "warn_if",
  "store_failures",
  "limit",
  "enabled",
];

export function readTest(entry: unknown): DbtTest {
  if (typeof entry === "string") return build(entry, {}, {});
  if (!isFields(entry)) return build("data_test", {}, {});
  const named = textOf(entry["test_name"]);
  if (named !== undefined) return build(named, entry, entry);
  const kind = Object.keys(entry).find((key) => !settings.includes(key)) ?? "data_test";
  const own = isFields(entry[kind]) ? entry[kind] : {};
  return build(kind, own, { ...entry, ...own });
}

function build(kind: string, own: Fields, around: Fields): DbtTest {
  const config = isFields(around["config"]) ? around["config"] : {};
  const setting = (key: string): unknown => config[key] ?? around[key];
  const plain = Object.entries(own).filter(([key]) => !settings.includes(key) && key !== kind);
  const given = { ...Object.fromEntries(plain), ...(isFields(own["arguments"]) ? own["arguments"] : {}) };
  const severity = textOf(setting("severity"))?.toLowerCase();
  return {
    kind,
    given,
    name: textOf(around["name"]),
    description: textOf(around["description"]),
    severity: severity === "warn" ? "warn" : undefined,
    obstacle: obstacleOf(given, setting),
  };
}

function obstacleOf(given: Fields, setting: (key: string) => unknown): string | undefined {
  if (setting("enabled") === false) return "it is not enabled";
  const filter = setting("where") ?? given["where"] ?? given["row_condition"] ?? given["condition"];
  if (filter !== undefined && filter !== null) return `it looks at some rows only (${textOf(filter) ?? "a condition"})`;
  if (setting("error_if") !== undefined || setting("warn_if") !== undefined) return "it allows a number of failures";
  const grouped = given["group_by_columns"] ?? given["group_by"];
  if (grouped !== undefined) return "it looks at groups of rows";
  const jinja = Object.entries(given).find(([, value]) => typeof value === "string" && /\{[{%]/.test(value));
  return jinja === undefined ? undefined : `its ${jinja[0]} is a template`;
}

/** The table that `ref('x')` or `source('s', 'x')` names: `x`, `s.x`. */
export function tableNamed(written: unknown): string | undefined {
  const text = textOf(written)?.replaceAll(/[{}]/g, "").trim();
  const call =
    /^(ref|source)\(\s*['"]([^'"]+)['"]\s*(?:,\s*['"]([^'"]+)['"]\s*)?(?:,\s*v(?:ersion)?\s*=\s*\d+\s*)?\)$/.exec(
      text ?? "",
    );
  if (call === null) return undefined;
  const [, kind, first = "", second] = call;
  const name = kind === "source" && second !== undefined ? `${first}.${second}` : (second ?? first);
  return /^\w+(\.\w+)?$/.test(name) ? name : undefined;
}
