// `millrace contract ...`: contracts in and out. Each subcommand has a file of its own.
import type { Command } from "commander";
import { commandGroup } from "../command-context.ts";
import type { Io } from "../io.ts";
import { contractExportCommand } from "./contract-export.ts";
import { contractImportCommand } from "./contract-import.ts";

export function contractCommand(io: Io): Command {
  const group = commandGroup("contract", "contracts in the languages of other systems, in and out", [
    "contract export sales.sales --as odcs --out sales.odcs.yaml",
    "contract import orders.odcs.yaml --out domains/orders/contracts.ts",
  ]);
  for (const one of [contractExportCommand(io), contractImportCommand(io)]) group.addCommand(one);
  return group;
}
