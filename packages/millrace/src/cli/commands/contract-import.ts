// `millrace contract import`: a contract file of another system as the TypeScript that declares it here. Needs no project.
import { resolve } from "node:path";
import { Option, type Command } from "commander";
import type { ImportFormat } from "@millrace/contracts";
import { systemClock } from "@millrace/core";
import { command, CommandContext, type CommonOptions } from "../command-context.ts";
import type { Io } from "../io.ts";
import { lossText } from "../loss-text.ts";
import { writeNewFile } from "../write-new-file.ts";

interface ImportOptions extends CommonOptions {
  readonly as?: ImportFormat;
  readonly out?: string;
  readonly force?: boolean;
}

const formats: readonly ImportFormat[] = ["odcs", "json-schema", "avro", "zod", "dbt"];
const names: Readonly<Record<ImportFormat, string>> = {
  odcs: "an Open Data Contract",
  "json-schema": "a JSON Schema",
  avro: "an Avro schema",
  zod: "Zod schemas",
  dbt: "a dbt property file",
};

export function contractImportCommand(io: Io): Command {
  return command("import", "turn a contract file of another system into a contracts.ts", [
    "contract import orders.odcs.yaml --out domains/orders/contracts.ts",
    "contract import models/schema.yml --as dbt",
  ])
    .argument("<file>", "Open Data Contract, JSON Schema, Avro schema, module with Zod schemas, or dbt schema.yml")
    .addOption(new Option("--as <format>", "what the file is (default: it tells by its own words)").choices(formats))
    .option("-o, --out <file>", "file to write (default: the terminal)")
    .option("--force", "replace a file that differs")
    .action(async (file: string, options: ImportOptions) => {
      const context = new CommandContext(io, options);
      const { importContracts, writeContracts } = await import("@millrace/contracts");
      const path = resolve(io.cwd, file);
      const { as } = options;
      const { contracts, losses, format } = await importContracts({
        path,
        shown: file,
        clock: systemClock,
        ...(as === undefined ? {} : { format: as }),
      });
      const out = options.out === undefined ? undefined : resolve(io.cwd, options.out);
      const title = `Contracts from ${names[format]}, ${file}: read it once more before it judges rows.`;
      const text = await writeContracts({ contracts, title, path: out ?? resolve(io.cwd, "contracts.ts") });
      const written =
        options.out === undefined ? undefined : await writeNewFile(io.cwd, options.out, text, options.force);
      if (!context.json) io.err.write(lossText(losses, file));
      const answer = { format, contracts: contracts.map((contract) => contract.name), losses };
      if (written === undefined) context.answer({ ...answer, text }, () => text);
      else context.answer({ ...answer, file: written }, () => `${written}: ${answer.contracts.join(", ")}`);
    });
}
