// Turns whatever an author's file threw into a message with file and line. Runs in the worker, where the stack still is.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ErrorReport, SourceLocation } from "@millrace/core";
import { isOwnCode } from "./own-code.ts";
import type { RawFailure } from "./raw-project.ts";

/** Checking one file takes well under a second; the limit only guards against a stuck disk. */
const CHECK_TIMEOUT_MS = 5000;

const place = /(file:\/\/\/[^\s)]+?):(\d+)(?::\d+)?\)?$/;

/** @param importing the file of the project that was being imported */
export function describeFailure(thrown: unknown, importing: string): RawFailure {
  const report = reportOf(thrown);
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : `threw ${String(thrown)}`;
  const location = placeInStack(thrown) ?? placeOfImport(thrown) ?? placeOfSyntax(thrown, importing);
  return {
    file: importing,
    message,
    ...(location === undefined ? {} : { location }),
    ...(report === undefined ? {} : { report }),
  };
}

/** The project may have its own copy of Millrace, so a coded error is known by its shape, not by its class. */
function reportOf(thrown: unknown): ErrorReport | undefined {
  if (!(thrown instanceof Error) || thrown.name !== "MillraceError" || !("toJSON" in thrown)) return undefined;
  return (thrown as Error & { toJSON(): ErrorReport }).toJSON();
}

/** The first line of the stack that lies in the author's code. Syntax errors name their place in the first line. */
function placeInStack(thrown: unknown): SourceLocation | undefined {
  if (!(thrown instanceof Error)) return undefined;
  for (const line of (thrown.stack ?? "").split("\n")) {
    const match = place.exec(line.trim());
    if (match?.[1] === undefined || isOwnCode(match[1])) continue;
    return { file: fileURLToPath(match[1]), line: Number(match[2]) };
  }
  return undefined;
}

/** A missing import has no stack in the author's code; its message names importer and target. */
function placeOfImport(thrown: unknown): SourceLocation | undefined {
  const match = /Cannot find (?:module|package) '([^']+)' imported from (\S.*)$/m.exec(String(thrown));
  const [, target, importer] = match ?? [];
  if (target === undefined || importer === undefined) return undefined;
  const file = importer.startsWith("file:") ? fileURLToPath(importer) : importer;
  const word = target.split("/").at(-1) ?? target;
  const lines = readFileSync(file, "utf8").split("\n");
  const at = lines.findIndex((line) => line.includes(word) && /["']/.test(line));
  return { file, line: Math.max(at, 0) + 1 };
}

/** Some syntax errors come without a place; asking Node to check the file gives it. Only on this failing path: it starts a process. */
function placeOfSyntax(thrown: unknown, file: string): SourceLocation | undefined {
  if (!(thrown instanceof SyntaxError)) return undefined;
  const { stderr } = spawnSync(process.execPath, ["--check", file], { encoding: "utf8", timeout: CHECK_TIMEOUT_MS });
  const line = /^(?:file:\/\/)?\/.+:(\d+)$/.exec(stderr.split("\n")[0]?.trim() ?? "")?.[1];
  return line === undefined ? undefined : { file, line: Number(line) };
}
