// Names of delivered files: which a pattern may be, and what it becomes.
import type { DeliveryMode, ExportFormat } from "@millrace/core";
import type { FileTargetOptions } from "./delivery-config.ts";

const placeholder = /\{([^{}]*)\}/g;
const known = new Set(["version", "date", "time"]);

/** Says what is wrong with the name of a target, or nothing. */
export function fileNameProblem({ name, marker }: FileTargetOptions, send: DeliveryMode): string | undefined {
  const unknown = Array.from(name.matchAll(placeholder), (match) => match[1] ?? "").find((one) => !known.has(one));
  if (unknown !== undefined) return `"name" has {${unknown}}; valid are {version}, {date} and {time}`;
  if (!isInside(name)) return '"name" is a relative path without "..", such as "stock-{version}.csv"';
  if (send === "changes" && !name.includes("{version}"))
    return '"name" needs {version}: changes of one version must not overwrite those of another';
  if (marker !== undefined && (marker.includes("/") || marker.includes("..") || marker === "{name}"))
    return '"marker" is a plain file name other than the file\'s own, such as "_SUCCESS" or "{name}.done"';
  return undefined;
}

export function formatOf({ name, format }: FileTargetOptions): ExportFormat | undefined {
  if (format !== undefined) return format;
  const extension = /\.(csv|ndjson|parquet)$/i.exec(name)?.[1]?.toLowerCase();
  return extension as ExportFormat | undefined;
}

/** Versions are padded, so that names sort as they came. */
export function fillName(name: string, at: { readonly version: bigint; readonly dueMs: number }): string {
  const [date = "", time = ""] = new Date(at.dueMs).toISOString().slice(0, 19).split("T");
  const values: Readonly<Record<string, string>> = {
    version: String(at.version).padStart(8, "0"),
    date,
    time: time.replaceAll(":", ""),
  };
  return name.replaceAll(placeholder, (_, one: string) => values[one] ?? "");
}

function isInside(name: string): boolean {
  const segments = name.split("/");
  return !name.includes("\\") && !name.includes("\0") && segments.every((part) => !["", ".", ".."].includes(part));
}
