// Zod schemas of a module as contracts: the module runs in a worker thread with a deadline, Zod's own conversion gives JSON Schema, and that is read.
import { Worker } from "node:worker_threads";
import { MillraceError, type Clock, type ContractDefinition } from "@millrace/core";
import { LocatedFile } from "../document/located.ts";
import type { ReportLoss } from "../document/loss.ts";
import { importJsonSchema } from "../json-schema/import-json-schema.ts";

export interface ZodModule {
  readonly file: string;
}

export interface ZodSchemaFound {
  /** Name of the export. */
  readonly name: string;
  readonly json: string;
  readonly losses: readonly { readonly path: string; readonly what: string }[];
}

export type ZodMessage =
  | { readonly schemas: readonly ZodSchemaFound[] }
  | { readonly problem: { readonly message: string; readonly line: number } };

const timeoutDefaultMs = 15_000;
const heapMbMax = 512;

// The built package runs .js, the repository runs .ts: a worker's address is not rewritten by the compiler.
const workerUrl = new URL(import.meta.url.endsWith(".ts") ? "./zod-worker.ts" : "./zod-worker.js", import.meta.url);

export interface ZodFile {
  /** Absolute path of a .ts, .js or .mjs module that exports schemas. */
  readonly path: string;
  /** How messages name it. */
  readonly shown: string;
  readonly clock: Clock;
  readonly timeoutMs?: number;
}

/** One contract for each exported `z.object(...)`. @throws MillraceError contract-file-invalid */
export async function importZod(file: ZodFile, report: ReportLoss): Promise<readonly ContractDefinition[]> {
  const message = await run(file);
  if ("problem" in message) throw invalid(file, message.problem.message, message.problem.line);
  if (message.schemas.length === 0) throw invalid(file, "it exports no z.object(...); export the schema under a name");
  return message.schemas.map(({ name, json, losses }) => {
    // Zod's answer has no lines of its own.
    const located = new LocatedFile(file.shown, JSON.parse(json), new WeakMap());
    const contract = importJsonSchema(located, tableNameOf(name), (of, what) =>
      report(`${tableNameOf(name)}.${of}`, what),
    );
    for (const loss of losses) report([contract.name, loss.path].filter((part) => part !== "").join("."), loss.what);
    return { ...contract, location: { file: file.shown, line: 1 } };
  });
}

/** `OrderLineSchema` is `order_line`. */
function tableNameOf(name: string): string {
  const words = name.replace(/Schema$/, "").replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2");
  return words === "default" ? "records" : words.toLowerCase();
}

async function run({ path, shown, clock, timeoutMs = timeoutDefaultMs }: ZodFile): Promise<ZodMessage> {
  const worker = new Worker(workerUrl, {
    workerData: { file: path } satisfies ZodModule,
    stdout: true,
    resourceLimits: { maxOldGenerationSizeMb: heapMbMax },
  });
  // What the module prints must not mix with the output of a command.
  worker.stdout.pipe(process.stderr, { end: false });
  let cancel = (): void => undefined;
  try {
    return await new Promise<ZodMessage>((resolve, reject) => {
      const late = (): void => reject(invalid({ shown }, `it did not finish loading within ${timeoutMs} ms`));
      cancel = clock.after(timeoutMs, late);
      worker.once("message", resolve);
      worker.once("error", (error) => reject(invalid({ shown }, error.message)));
      worker.once("exit", () => reject(invalid({ shown }, "its code ended the thread")));
    });
  } finally {
    cancel();
    worker.stdout.unpipe(process.stderr);
    await worker.terminate();
  }
}

function invalid({ shown }: Pick<ZodFile, "shown">, problem: string, line = 1): MillraceError {
  return new MillraceError("contract-file-invalid", `${shown}:${line}: ${problem}.`, {
    details: { file: shown, line },
  });
}
