// Formats of dates: ODCS writes them as Java does (dd.MM.yyyy), `clean.date` as DD.MM.YYYY. Converted where both mean the same.
import { isDateFormat, type ColumnDefinition, type JsonFields } from "@millrace/core";

const letters: readonly (readonly [java: string, own: string])[] = [
  ["yyyy", "YYYY"],
  ["MM", "MM"],
  ["M", "M"],
  ["dd", "DD"],
  ["d", "D"],
  ["HH", "HH"],
  ["H", "H"],
  ["mm", "mm"],
  ["ss", "ss"],
];

/** `DD.MM.YYYY` for `dd.MM.yyyy`; undefined where it says more than `clean.date` can. */
export function fromJavaFormat(format: string): string | undefined {
  return convert(format, new Map(letters));
}

function toJavaFormat(format: string): string | undefined {
  return convert(format, new Map(letters.map(([java, own]) => [own, java])));
}

function convert(format: string, words: ReadonlyMap<string, string>): string | undefined {
  const parts = format.match(/([A-Za-z])\1*|[^A-Za-z]+/g) ?? [];
  const converted = parts.map((part) =>
    /^[A-Za-z]/.test(part) ? words.get(part) : part.includes("'") ? undefined : part,
  );
  return converted.includes(undefined) ? undefined : converted.join("");
}

/** The option that stands for cleansing that is nothing but one format; undefined where there is none. */
export function dateOption({ type, cleansing }: Pick<ColumnDefinition, "type" | "cleansing">): JsonFields | undefined {
  const [step, another] = cleansing ?? [];
  if (step?.step !== "date" || another !== undefined || step.formats.length !== 1) return undefined;
  if (!["date", "timestamp", "datetime"].includes(type.kind)) return undefined;
  const format = toJavaFormat(step.formats[0] ?? "");
  return format === undefined || isIsoFormat(format) || !isDateFormat(step.formats[0] ?? "") ? undefined : { format };
}

/** Formats that are read without being told. */
export function isIsoFormat(java: string): boolean {
  return [
    "yyyy-MM-dd",
    "yyyy-MM-dd HH:mm:ss",
    "yyyy-MM-dd'T'HH:mm:ss",
    "yyyy-MM-dd'T'HH:mm:ss'Z'",
    "HH:mm:ss",
  ].includes(java);
}
