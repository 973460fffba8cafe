// From the text of a manifest to its resolved components: YAML, references, inherited parameters and types, validation.
import { MillraceError } from "@millrace/core";
import { parseManifest } from "./parse-yaml.ts";
import { propagate } from "./propagate.ts";
import { resolveReferences } from "./resolve-references.ts";
import type { Component, SourceLines } from "./source-lines.ts";
import { findFaults } from "./validate.ts";

export interface LoadedManifest {
  /** Without references, with types and parameters in place. */
  readonly root: Component;
  readonly lines: SourceLines;
}

/** @param file path or address, for messages @throws MillraceError manifest-invalid naming file, line and component of each fault */
export function loadManifest(text: string, file: string): LoadedManifest {
  const { root: written, lines } = parseManifest(text, file);
  if (!("type" in written)) written["type"] = "DeclarativeSource";
  const root = propagate(resolveReferences(written, lines), lines);
  const faults = findFaults(root, lines);
  const [first] = faults;
  if (first === undefined) return { root, lines };
  const more = faults.length === 1 ? "" : ` (and ${faults.length - 1} more)`;
  throw new MillraceError(
    "manifest-invalid",
    `${first.at}: ${first.path === "" ? "the manifest" : first.path}: ${first.message}${more}.`,
    {
      details: { faults },
    },
  );
}
