// Where in the author's files a definition was written, so that errors can say file and line.
import { fileURLToPath } from "node:url";
import type { SourceLocation } from "../contract/contract.ts";

const frame = /\(?((?:file:\/\/)?\/[^\s)]+):(\d+):\d+\)?$/;
/** Where Millrace's packages stand: `packages/` of the repository; installed ones lie below node_modules. */
const ownPackages = fileURLToPath(new URL("../../../", import.meta.url));

/** The nearest stack frame outside Millrace's own definition packages; undefined when there is none. */
export function callerLocation(): SourceLocation | undefined {
  const stack = new Error("location").stack ?? "";
  for (const line of stack.split("\n").slice(1)) {
    const match = frame.exec(line.trim());
    if (match?.[1] === undefined || match[2] === undefined) continue;
    const file = match[1].startsWith("file://") ? fileURLToPath(match[1].split("?")[0] ?? match[1]) : match[1];
    if ((file.startsWith(ownPackages) || file.includes("/node_modules/")) && !file.includes(".test.")) continue;
    return { file, line: Number(match[2]) };
  }
  return undefined;
}

/** `file:line: ` for the start of a message, or nothing when the place is unknown. */
export function atLocation(location: SourceLocation | undefined): string {
  return location === undefined ? "" : `${location.file}:${location.line}: `;
}
