// Runs inside a worker thread: imports a module of the user and posts its Zod schemas as JSON Schema, with what that cannot say. Started by read-zod.ts.
import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import { z } from "zod";
import type { ZodMessage, ZodModule, ZodSchemaFound } from "./read-zod.ts";

type AnySchema = Parameters<typeof z.toJSONSchema>[0];

/** Types of Zod that JSON Schema has no word for, as what a column can be. */
const standIns: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  bigint: { type: "integer", format: "int64" },
  date: { type: "string", format: "date-time" },
};

function convert(name: string, schema: AnySchema): ZodSchemaFound {
  const losses: { path: string; what: string }[] = [];
  const lose = (path: readonly (string | number)[], what: string): void => {
    // properties, price -> price
    const names = path.filter((part, at) => !(part === "properties" && at % 2 === 0)).join(".");
    losses.push({ path: names, what });
  };
  const json = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema, path }) => {
      const { def } = zodSchema._zod;
      const standIn = standIns[def.type];
      if (standIn !== undefined) Object.assign(jsonSchema, standIn, bounds(zodSchema));
      const unsaid = ["transform", "custom", "map", "set", "symbol", "function", "promise", "undefined", "void", "nan"];
      if (unsaid.includes(def.type)) lose(path, `${def.type}() of Zod is not said; any JSON is taken`);
      if (def.checks?.some((check) => check._zod.def.check === "custom") === true)
        lose(path, "refine() of Zod is code; write it as a rule");
    },
  });
  return { name, json: JSON.stringify(json), losses };
}

/** Bounds of bigint and date, which JSON Schema has no place for. */
function bounds(schema: {
  readonly _zod: { readonly def: { readonly checks?: readonly unknown[] } };
}): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const check of schema._zod.def.checks ?? []) {
    const { check: kind, value, inclusive } = (check as { _zod: { def: Record<string, unknown> } })._zod.def;
    const side = kind === "greater_than" ? "min" : kind === "less_than" ? "max" : undefined;
    if (side === undefined) continue;
    if (value instanceof Date) found[`x-${side}`] = value.toISOString();
    else if (typeof value === "bigint")
      found[inclusive === true ? `${side}imum` : `exclusive${side === "min" ? "Min" : "Max"}imum`] = safe(value);
  }
  return found;
}

/** Numbers that JSON does not keep exactly go as text. */
function safe(value: bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

function isObjectSchema(value: unknown): value is AnySchema {
  const def = (value as { _zod?: { def?: { type?: unknown } } } | null | undefined)?._zod?.def;
  return def?.type === "object" || def?.type === "array";
}

async function read({ file }: ZodModule): Promise<ZodMessage> {
  const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  const found = Object.entries(module).filter((entry): entry is [string, AnySchema] => isObjectSchema(entry[1]));
  return { schemas: found.map(([name, schema]) => convert(name, schema)) };
}

parentPort?.postMessage(
  await read(workerData as ZodModule).catch((thrown: unknown): ZodMessage => ({ problem: describe(thrown) })),
);

function describe(thrown: unknown): { readonly message: string; readonly line: number } {
  if (!(thrown instanceof Error)) return { message: String(thrown), line: 1 };
  const { file } = workerData as ZodModule;
  const frame = (thrown.stack ?? "")
    .split("\n")
    .find((line) => line.includes(file) || line.includes(pathToFileURL(file).href));
  return {
    message: thrown.message.split("\n")[0] ?? "",
    line: Number(/:(\d+)(?::\d+)?\)?$/.exec(frame?.trim() ?? "")?.[1] ?? 1),
  };
}
