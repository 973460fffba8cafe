// Names that senders give to files. They are data: no path is ever made of them, and one that looks like a path is refused.
import { MillraceError } from "@millrace/core";

const nameBytesMax = 255;

/** @throws MillraceError upload-name-invalid */
export function requireName(name: string | undefined): string {
  const problem = problemOf(name ?? "");
  if (problem === undefined) return (name ?? "").normalize("NFC");
  throw new MillraceError("upload-name-invalid", `The name of an uploaded file ${problem}; nothing was written.`);
}

function problemOf(name: string): string | undefined {
  if (name.trim() === "") return "is empty";
  if (Buffer.byteLength(name, "utf8") > nameBytesMax) return `has more than ${nameBytesMax} bytes`;
  if (/[/\\]/.test(name) || name === "." || name === "..") return "is a path; send the name alone";
  // Control characters and marks that turn the direction of text make a name look like another one.
  return /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u.test(name) ? "holds control characters" : undefined;
}
