// Finds the records of a document and takes each through its steps.
import { hasWildcard, valueAtPath, valuesAtPath } from "./record-path.ts";
import type { RecordSelector, RecordStep } from "./components.ts";
import type { Fields } from "./slice.ts";

/** Items of nested lists become records of their own. */
export interface RecordExpander {
  readonly path: readonly string[];
  /** Each item keeps its record under `original_record`. */
  readonly keepsOriginal: boolean;
  /** What becomes of a record without items. */
  readonly without: "skip" | "emit-parent";
}

export interface SelectorOptions {
  /** Names down to the records, `*` for every value; empty: the document itself. */
  readonly path: readonly string[];
  readonly expander?: RecordExpander;
  /** Runs before the transformations, unless `transformFirst`. */
  readonly filter?: RecordStep;
  readonly transformations?: readonly RecordStep[];
  readonly transformFirst?: boolean;
  /** Runs last. */
  readonly normalise?: RecordStep;
}

export function recordSelector(options: SelectorOptions): RecordSelector {
  const { path, expander, filter, transformations = [], transformFirst = false, normalise } = options;
  const filters = filter === undefined ? [] : [filter];
  const steps = transformFirst ? [...transformations, ...filters] : [...filters, ...transformations];
  const isPlain = expander === undefined && !hasWildcard(path);
  return {
    path: isPlain ? path : undefined,
    extract: (document) => expanded(extracted(document, path), expander),
    steps: normalise === undefined ? steps : [...steps, normalise],
  };
}

/** A list gives its elements; another value that is not empty is one record. */
function extracted(document: unknown, path: readonly string[]): readonly unknown[] {
  const found = hasWildcard(path) ? valuesAtPath(document, path) : valueAtPath(document, path);
  if (Array.isArray(found)) return found;
  const isRecord = typeof found === "object" ? found !== null && Object.keys(found).length > 0 : Boolean(found);
  return isRecord ? [found] : [];
}

function* expanded(records: readonly unknown[], expander: RecordExpander | undefined): Iterable<unknown> {
  if (expander === undefined) return yield* records;
  for (const record of records) {
    const found = hasWildcard(expander.path)
      ? valuesAtPath(record, expander.path)
      : [valueAtPath(record, expander.path)];
    const items = found.flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []));
    if (items.length === 0 && expander.without === "emit-parent") yield record;
    for (const item of items) yield withOriginal(item, record, expander.keepsOriginal);
  }
}

function withOriginal(item: unknown, record: unknown, keeps: boolean): unknown {
  return keeps && typeof item === "object" && item !== null && !Array.isArray(item)
    ? { ...(item as Fields), original_record: record }
    : item;
}
