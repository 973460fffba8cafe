// `millrace contract export`: a contract of the project as Open Data Contract, JSON Schema, Avro schema or TypeScript types.
import { Option, type Command } from "commander";
import type { ExportFormat } from "@millrace/contracts";
import { didYouMean, MillraceError, type ContractDefinition, type ProjectDefinition } from "@millrace/core";
import { command, CommandContext, type CommonOptions } from "../command-context.ts";
import type { Io } from "../io.ts";
import { lossText } from "../loss-text.ts";
import { writeNewFile } from "../write-new-file.ts";

interface ExportOptions extends CommonOptions {
  readonly as: ExportFormat;
  readonly out?: string;
  readonly force?: boolean;
}

// Written out, so that the help needs no package of formats.
const formats: readonly ExportFormat[] = ["odcs", "json-schema", "avro", "typescript"];

export function contractExportCommand(io: Io): Command {
  return command("export", "write a contract in the language of another system", [
    "contract export sales.sales --as odcs --out sales.odcs.yaml",
    "contract export sales.sales --as typescript",
  ])
    .argument("<table>", "domain.table, or table where only one domain has it")
    .addOption(new Option("--as <format>", "what to write").choices(formats).default("odcs"))
    .option("-o, --out <file>", "file to write (default: the terminal)")
    .option("--force", "replace a file that differs")
    .action(async (table: string, options: ExportOptions) => {
      const context = new CommandContext(io, options);
      const { contract, domain } = contractOf(await context.project(), table);
      const { exportContract } = await import("@millrace/contracts");
      const { text, losses } = await exportContract(contract, domain, options.as);
      const file = options.out === undefined ? undefined : await writeNewFile(io.cwd, options.out, text, options.force);
      if (!context.json) io.err.write(lossText(losses));
      const answer = { table: `${domain}.${contract.name}`, as: options.as, losses };
      if (file === undefined) context.answer({ ...answer, text }, () => text);
      else context.answer({ ...answer, file }, () => `${file}: ${answer.table} as ${options.as}`);
    });
}

interface FoundContract {
  readonly contract: ContractDefinition;
  readonly domain: string;
}

/** @throws MillraceError contract-unknown */
function contractOf(project: ProjectDefinition, table: string): FoundContract {
  const all = project.domains.flatMap((domain) => [
    ...domain.contracts.map((contract): FoundContract => ({ contract, domain: domain.name })),
    ...domain.channels.flatMap(({ outputs }) => outputs.map((output): FoundContract => output)),
  ]);
  const known = new Map(all.map((one) => [`${one.domain}.${one.contract.name}`, one]));
  const named = [...known].filter(([name, { contract }]) => name === table || contract.name === table);
  const exact = known.get(table);
  const [only, another] = named;
  if (exact !== undefined) return exact;
  if (only !== undefined && another === undefined) return only[1];
  const names = [...known.keys()].sort();
  const nearest = didYouMean(table, names);
  const problem =
    another === undefined
      ? `There is no contract "${table}"${nearest === "" ? "." : nearest}`
      : `Several domains have a table "${table}".`;
  const shown = named.length > 0 ? named.map(([name]) => name) : names.slice(0, 20);
  throw new MillraceError("contract-unknown", `${problem} There are: ${shown.join(", ") || "none"}.`, {
    details: { table },
  });
}
