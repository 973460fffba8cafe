// What an upload is, by its content: magic bytes where a format has them, else whether it reads as text. What the sender says of it must agree.

/** What the first bytes of a file say. */
export interface SniffedType {
  /** `text/plain` for text of no special kind, `application/octet-stream` for bytes that nobody knows. */
  readonly type: string;
  /** Extension of the object that is stored. */
  readonly extension: string;
}

/** Enough for the formats that show themselves late, such as the documents inside zip archives. */
export const headBytesMax = 64 * 1024;

const plainText = "text/plain";
const unknown = "application/octet-stream";

/** @param head the first headBytesMax bytes, or all there are */
export async function sniffType(head: Uint8Array): Promise<SniffedType> {
  // Loaded with the first upload: a process that takes none starts without it.
  const { fileTypeFromBuffer } = await import("file-type");
  const found = await fileTypeFromBuffer(head).catch(() => undefined);
  const text = decodedText(head);
  const marked = text === undefined ? undefined : markupOf(text);
  // Markup first: a page is a page, whatever it begins with.
  if (marked !== undefined) return marked;
  if (found !== undefined) return { type: found.mime, extension: safeExtension(found.ext) };
  return text === undefined ? { type: unknown, extension: "bin" } : { type: plainText, extension: "txt" };
}

/** Text without control characters that no text has. The head may end inside a character. */
function decodedText(head: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true });
    // eslint-disable-next-line no-control-regex
    return /[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Kinds of text that a browser would run. */
function markupOf(text: string): SniffedType | undefined {
  const start = text.slice(0, 4096).replace(/^(?:\s|<!--[^]*?-->|<\?xml[^>]*\?>)+/, "");
  if (/^<!doctype\s+html|^<(?:html|head|body|script|iframe|style|meta|title|table|div|a|p|h1|br)[\s/>]/i.test(start))
    return { type: "text/html", extension: "html" };
  return /^(?:<!doctype\s+svg[^>]*>\s*)?<svg[\s>]/i.test(start)
    ? { type: "image/svg+xml", extension: "svg" }
    : undefined;
}

function safeExtension(extension: string): string {
  return /^[a-z0-9]{1,8}$/.test(extension) ? extension : "bin";
}

/** Formats inside others: what the container's own bytes cannot tell apart. */
const containers: Readonly<Record<string, RegExp>> = {
  "application/zip": /^application\/(?:vnd\.(?:openxmlformats-|oasis\.opendocument\.|ms-)|epub\+zip$|java-archive$)/,
  "application/x-cfb": /^application\/(?:msword|vnd\.(?:ms-|visio))/,
  "application/gzip": /^application\/(?:x-tar|x-gtar|x-compressed-tar|x-ndjson)$/,
  "application/xml": /[/+]xml$/,
};

const aliases: Readonly<Record<string, string>> = {
  "image/jpg": "image/jpeg",
  "image/pjpeg": "image/jpeg",
  "application/x-zip-compressed": "application/zip",
  "application/x-zip": "application/zip",
  "application/x-gzip": "application/gzip",
  "text/xml": "application/xml",
  "application/x-pdf": "application/pdf",
  "application/csv": "text/csv",
  "application/ndjson": "application/x-ndjson",
  "application/jsonl": "application/x-ndjson",
};

const textual = /^text\/|[/+](?:json|xml|x-ndjson|json-seq|javascript|yaml|x-yaml|sql)$/;
/** Markup is only what its bytes show: text may not be declared to be a page. */
const markup = new Set(["text/html", "image/svg+xml", "application/xhtml+xml"]);

const textExtensions: Readonly<Record<string, string>> = {
  csv: "text/csv",
  tsv: "text/tab-separated-values",
  json: "application/json",
  ndjson: "application/x-ndjson",
  jsonl: "application/x-ndjson",
  xml: "application/xml",
  md: "text/markdown",
  yaml: "application/yaml",
  yml: "application/yaml",
};

export interface TypeClaim {
  /** What the sender says; `application/octet-stream` and nothing at all leave it to the content. */
  readonly declared?: string;
  readonly name: string;
}

/** The type of the upload, or undefined when the sender says something that its content is not. */
export function agreedType({ type }: SniffedType, { declared, name }: TypeClaim): string | undefined {
  const claim = plainType(declared);
  if (type === plainText) return agreedText(claim, name);
  if (claim === undefined || claim === type) return type;
  return containers[type]?.test(claim) === true ? claim : undefined;
}

function agreedText(claim: string | undefined, name: string): string | undefined {
  const byName = textExtensions[name.slice(name.lastIndexOf(".") + 1).toLowerCase()];
  if (claim === undefined || claim === plainText) return byName ?? plainText;
  // What some systems call every .csv file.
  if (claim === "application/vnd.ms-excel" && byName === "text/csv") return byName;
  return textual.test(claim) && !markup.has(claim) ? claim : undefined;
}

function plainType(declared: string | undefined): string | undefined {
  const type = (declared ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  return type === "" || type === unknown ? undefined : (aliases[type] ?? type);
}

/** Whether a type is one of the declared ones: `image/png`, `image/*`. */
export function isAllowed(type: string, allowed: readonly string[]): boolean {
  return allowed.some((one) => {
    const wanted = aliases[one] ?? one;
    return wanted === type || (wanted.endsWith("/*") && type.startsWith(wanted.slice(0, -1)));
  });
}
