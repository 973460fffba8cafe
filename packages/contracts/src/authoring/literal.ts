// Values as TypeScript text, for the writer of contract files.

/** Text in double quotes; also safe where a line separator stands in it. */
export function quoted(text: string): string {
  return JSON.stringify(text).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}

/** A number where JavaScript keeps it exactly, else text. */
export function numberOrText(value: string): string {
  return isPlainNumber(value) ? value : quoted(value);
}

export function isPlainNumber(value: string): boolean {
  return /^-?\d/.test(value) && String(Number(value)) === value && Math.abs(Number(value)) <= Number.MAX_SAFE_INTEGER;
}

/** Data as an object literal; formatting is left to the formatter. */
export function data(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return `[${value.map(data).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return fields.length === 0
      ? "{}"
      : `{ ${fields.map(([name, field]) => `${fieldName(name)}: ${data(field)}`).join(", ")} }`;
  }
  return typeof value === "bigint" ? `${value}n` : String(value);
}

/** The name of a field as it may stand in an object literal. */
export function fieldName(name: string): string {
  if (name === "__proto__") return '["__proto__"]';
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name);
}

/** A template literal whose cooked text is `text`. */
export function template(tag: string, text: string): string {
  return `${tag}\`${text.replaceAll("\\", "\\\\").replaceAll("`", "\\`").replaceAll("${", "\\${").replaceAll("\r", "\\r")}\``;
}

/** A regular expression as a literal where that keeps its text, else as text. */
export function pattern(source: string): string {
  try {
    const same = new RegExp(source, "u").source === source && new RegExp(source).source === source;
    return same && !/[^ -~]/.test(source) ? `/${source}/` : quoted(source);
  } catch {
    return quoted(source);
  }
}
