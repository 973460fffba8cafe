// Properties that an upstream gives only by name, in chunks where it limits how many may be asked for at once.
import type { EngineContext, QueryProperties, StreamPlan } from "./components.ts";
import { valueAtPath } from "./record-path.ts";
import type { Fields, StreamSlice } from "./slice.ts";
import { StreamWalk } from "./stream-walk.ts";

export interface QueryPropertiesOptions {
  readonly names: readonly string[] | ((context: EngineContext, signal: AbortSignal) => Promise<readonly string[]>);
  readonly always: readonly string[];
  /** Most names, or most characters with three for each delimiter, in one request; the names that are always asked for do not count. */
  readonly limit?: { readonly unit: "names" | "characters"; readonly max: number };
  /** Fields by which the records of several chunks belong together. */
  readonly key: readonly string[];
  /** Name under which requests find the chunk, in the slice's extra values. Default: `query_properties`. */
  readonly extraName?: string;
}

const charsPerDelimiter = 3;

export function queryProperties(options: QueryPropertiesOptions): QueryProperties {
  const { names, always, limit, key, extraName = "query_properties" } = options;
  let known: readonly string[] | undefined;
  return {
    async chunks(context, _, signal) {
      known ??= typeof names === "function" ? await names(context, signal) : names;
      return limit === undefined ? [[...always, ...known]] : chunked(known, always, limit);
    },
    slice: (slice: StreamSlice, chunk) => ({ ...slice, extra: { ...slice.extra, [extraName]: chunk } }),
    mergeKey(record) {
      const values = key.map((name) => valueAtPath(record, [name]));
      return values.some((value) => value === undefined) ? undefined : JSON.stringify(values);
    },
  };
}

function chunked(
  names: readonly string[],
  always: readonly string[],
  { unit, max }: NonNullable<QueryPropertiesOptions["limit"]>,
): string[][] {
  const chunks: string[][] = [];
  let chunk = [...always];
  let size = 0;
  for (const name of names) {
    const own = unit === "names" ? 1 : name.length + charsPerDelimiter;
    if (size > 0 && size + own > max) {
      chunks.push(chunk);
      chunk = [...always];
      size = 0;
    }
    chunk.push(name);
    size += own;
  }
  return [...chunks, chunk];
}

/** Values of a field of all records of a stream: names of properties that an endpoint lists. */
export function valuesFromStream(
  plan: StreamPlan,
  path: readonly string[],
): (context: EngineContext, signal: AbortSignal) => Promise<readonly string[]> {
  return async (context, signal) => {
    const found: string[] = [];
    for await (const page of new StreamWalk(context, plan, {}).pages(signal))
      found.push(
        ...page.content.records
          .map((record: Fields) => valueAtPath(record, path))
          .filter((value) => typeof value === "string"),
      );
    return found;
  };
}
