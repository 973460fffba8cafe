// Where a files channel looks: the folder that paths are named from, where the walk starts, and which files match.
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import type { Secrets } from "@millrace/core";
import { isEnvRef } from "../../authoring/references.ts";
import type { FilesConfig } from "../files-config.ts";
import { compiledGlob } from "./compiled-glob.ts";

export interface FileSearch {
  /** Paths in the ledger are relative to it. */
  readonly root: string;
  /** The walk starts here: the part of the pattern before its first wildcard. */
  readonly start: string;
  /** Folders below `start` that can hold matches; infinite with `**`. */
  readonly depthMax: number;
  /** Folders that begin with a dot are entered only when the pattern names one. */
  readonly hidden: boolean;
  /** @param path relative to `start`, with forward slashes */
  matches(path: string): boolean;
}

const wildcard = /[*?{}[\]()!]/;

export function fileSearch(
  config: Pick<FilesConfig, "pattern" | "folder">,
  { projectFolder, secrets }: { readonly projectFolder: string; readonly secrets: Secrets },
): FileSearch {
  const { fixed } = splitPattern(config.pattern);
  const folder = isEnvRef(config.folder) ? secrets.setting(config.folder) : (config.folder ?? ".");
  const absolute = isAbsolute(config.pattern);
  const root = absolute ? resolve(fixed) : resolve(projectFolder, folder);
  const search = searchIn(root, config.pattern, join);
  return absolute ? { ...search, start: root } : search;
}

/** @param joined puts the parts of a path together as the place does */
export function searchIn(root: string, pattern: string, joined: (...parts: string[]) => string): FileSearch {
  const { fixed, glob } = splitPattern(pattern);
  return {
    root,
    start: joined(root, fixed),
    depthMax: glob.includes("**") ? Number.POSITIVE_INFINITY : glob.split("/").length - 1,
    hidden: /(^|\/)\./.test(glob),
    matches: compiledGlob(glob),
  };
}

/** The folders before the first wildcard, and the rest; the last part always belongs to the rest. */
export function splitPattern(pattern: string): { readonly fixed: string; readonly glob: string } {
  const parts = pattern.replace(/^\.\//, "").split("/");
  const first = parts.findIndex((part) => wildcard.test(part));
  const at = first === -1 ? parts.length - 1 : Math.min(first, parts.length - 1);
  return {
    fixed: parts.slice(0, at).join("/") || (pattern.startsWith("/") ? "/" : ""),
    glob: parts.slice(at).join("/"),
  };
}

/** A path with forward slashes, from `root`. */
export function pathFrom(root: string, absolute: string): string {
  return relative(root, absolute).split(sep).join("/");
}
