// Reads a manifest: which files belong to a delivery, and what their content must be. Checksum lines (of md5sum and sha256sum, plain or BSD style), JSON, CSV.
import { posix } from "node:path";

export interface ManifestEntry {
  /** As the manifest writes it, from its own folder. */
  readonly name: string;
  /** Lower-case hex. */
  readonly sha256?: string;
  readonly md5?: string;
  readonly bytes?: number;
  readonly rows?: number;
}

/** Names of fields, in JSON and CSV, lower case. */
const nameFields = ["name", "file", "path", "filename"];
const bytesFields = ["bytes", "size", "length"];
const rowsFields = ["rows", "records", "count", "row_count", "lines"];
const sumFields = ["sha256", "md5", "checksum", "hash"];

/**
 * @param of the file that a manifest of its own belongs to: a checksum alone is then enough
 * @throws Error with the line or entry that is wrong
 */
export async function parseManifest(text: string, of?: string): Promise<readonly ManifestEntry[]> {
  const content = text.replace(/^\uFEFF/, "").trim();
  if (content === "") throw new Error("it is empty");
  const entries = /^[[{]/.test(content) ? fromJson(content, of) : await fromLines(content, of);
  const names = new Set<string>();
  for (const { name } of entries) {
    if (names.has(name)) throw new Error(`it names "${name}" twice`);
    names.add(name);
  }
  return entries;
}

function fromJson(content: string, of: string | undefined): readonly ManifestEntry[] {
  const document = JSON.parse(content) as unknown;
  const list = Array.isArray(document) ? (document as readonly unknown[]) : listOf(document, of);
  return list.map((item, at) => {
    if (typeof item === "string") return { name: checkedName(item, `entry ${at + 1}`) };
    if (typeof item !== "object" || item === null) throw new Error(`entry ${at + 1} is neither a name nor an object`);
    return fromFields(item as Readonly<Record<string, unknown>>, `entry ${at + 1}`, of);
  });
}

/** `{"files": [...]}`, or one object about one file. */
function listOf(document: unknown, of: string | undefined): readonly unknown[] {
  const { files } = document as { readonly files?: unknown };
  if (Array.isArray(files)) return files as readonly unknown[];
  if (of !== undefined) return [document];
  throw new Error('it is a JSON object without a list "files"');
}

async function fromLines(content: string, of: string | undefined): Promise<readonly ManifestEntry[]> {
  const lines = content.split(/\r?\n/);
  const [first = ""] = lines;
  if (checksumLine(first, of) === undefined && /[,;\t]/.test(first)) return fromCsv(content, of);
  return lines.flatMap((line, at) => {
    if (line.trim() === "" || line.startsWith("#")) return [];
    const entry = checksumLine(line, of);
    if (entry !== undefined) return [{ ...entry, name: checkedName(entry.name, `line ${at + 1}`) }];
    throw new Error(`line ${at + 1} is no checksum line ("<sha256 or md5>  <name>")`);
  });
}

/** `<hex>  name`, `<hex> *name`, `SHA256 (name) = <hex>`, and the hex alone beside one file. */
function checksumLine(line: string, of: string | undefined): ManifestEntry | undefined {
  const plain = /^\\?([0-9a-f]{64}|[0-9a-f]{32})(?:\s+\*?(.+?))?\s*$/i.exec(line);
  const bsd = /^(?:SHA256|MD5)\s*\((.+)\)\s*=\s*([0-9a-f]{64}|[0-9a-f]{32})\s*$/i.exec(line);
  const name = plain === null ? bsd?.[1] : (plain[2] ?? of);
  const sum = plain?.[1] ?? bsd?.[2];
  return name === undefined || sum === undefined ? undefined : { name, ...sumOf(sum) };
}

async function fromCsv(content: string, of: string | undefined): Promise<readonly ManifestEntry[]> {
  const { parse } = await import("csv-parse/sync");
  const rows = parse(content, {
    columns: (names: string[]) => names.map((name) => name.trim().toLowerCase()),
    delimiter: [",", ";", "\t"],
    skip_empty_lines: true,
    trim: true,
  }) as unknown as readonly Readonly<Record<string, string>>[];
  return rows.map((row, at) => fromFields(row, `row ${at + 1}`, of));
}

function fromFields(given: Readonly<Record<string, unknown>>, where: string, of: string | undefined): ManifestEntry {
  const fields = Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
  const pick = (names: readonly string[]): unknown => names.map((name) => fields[name]).find(isGiven);
  const name = pick(nameFields) ?? of;
  if (typeof name !== "string") throw new Error(`${where} names no file (${nameFields.join(", ")})`);
  const sums = sumFields.map((field) => fields[field]).filter(isGiven);
  const bytes = wholeNumber(pick(bytesFields), `${where}: size`);
  const rows = wholeNumber(pick(rowsFields), `${where}: number of records`);
  return {
    name: checkedName(name, where),
    ...Object.assign({}, ...sums.map((sum) => sumOf(typeof sum === "string" ? sum : "", where))),
    ...(bytes === undefined ? {} : { bytes }),
    ...(rows === undefined ? {} : { rows }),
  };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "";
}

function sumOf(text: string, where = "it"): Pick<ManifestEntry, "sha256" | "md5"> {
  const sum = text.toLowerCase().replace(/^(?:sha-?256|md5)[:=]/, "");
  if (/^[0-9a-f]{64}$/.test(sum)) return { sha256: sum };
  if (/^[0-9a-f]{32}$/.test(sum)) return { md5: sum };
  throw new Error(`${where}: a checksum is the hex of SHA-256 (64 digits) or MD5 (32 digits)`);
}

function wholeNumber(value: unknown, what: string): number | undefined {
  if (value === undefined) return undefined;
  const number = typeof value === "number" ? value : Number(typeof value === "string" ? value : Number.NaN);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new Error(`${what} is not a whole number`);
}

/** A manifest speaks of files in its own folder and below, nowhere else. */
function checkedName(text: string, where: string): string {
  const name = posix.normalize(text.trim().replaceAll("\\", "/"));
  if (posix.isAbsolute(name) || name === ".." || name.startsWith("../") || name === ".")
    throw new Error(`${where} names "${text}", which is not below the manifest's folder`);
  return name;
}
