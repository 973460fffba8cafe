// What a channel and the beginning of a file say about its text: the encoding, and how formats that no engine reads are converted.
import type { FixedConversion, XmlConversion } from "../formats/conversion.ts";
import { fileFault } from "../formats/file-fault.ts";
import { detectEncoding, isEncoding } from "../formats/text/detect-encoding.ts";
import type { FileFormat, FilesConfig } from "./files-config.ts";
import { parseXmlPath } from "./format-fields.ts";

const declaredInXml = /^<\?xml[^>]*?\bencoding\s*=\s*["']([\w.-]+)["']/;

/** The declared encoding, else that of a byte order mark or of UTF-16 without one, else what XML says of itself; `utf-8` otherwise. */
export function textEncoding(
  head: Buffer,
  { format, declared }: { readonly format: FileFormat; readonly declared: string | undefined },
): string {
  if (declared !== undefined) return new TextDecoder(declared).encoding;
  const detected = detectEncoding(head);
  if (format !== "xml" || detected !== "utf-8") return detected;
  const own = declaredInXml.exec(head.toString("latin1", startsWithMark(head) ? 3 : 0))?.[1];
  return own !== undefined && isEncoding(own) ? new TextDecoder(own).encoding : detected;
}

/** The byte order mark of UTF-8. */
export function startsWithMark(head: Buffer): boolean {
  return head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf;
}

/** @throws MillraceError file-unreadable where the channel, whose files have several formats, lacks what this one needs */
export function textConversion(
  format: "xml" | "fixed",
  { fixedWidth, nullTokens = [], records }: FilesConfig,
  { path, encoding }: { readonly path: string; readonly encoding: string },
): XmlConversion | FixedConversion {
  if (format === "xml") {
    if (records?.startsWith("/") === true) return { kind: "xml", encoding, path: parseXmlPath(records) };
    throw fileFault(
      "file-unreadable",
      path,
      'is XML, and its channel does not say where its records are; declare records: "/catalog/item"',
    );
  }
  if (fixedWidth === undefined)
    throw fileFault("file-unreadable", path, 'has fixed width, and its channel lacks "fixedWidth"');
  const { columns, headerLines = 0, trailerLines = 0 } = fixedWidth;
  return { kind: "fixed", encoding, columns, headerLines, trailerLines, nullTokens };
}
