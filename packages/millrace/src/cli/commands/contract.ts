// `millrace contract ...`: contracts in and out, and how they change. Each subcommand has a file of its own.
import type { Command } from "commander";
import { commandGroup } from "../command-context.ts";
import type { Io } from "../io.ts";
import { contractDiffCommand } from "./contract-diff.ts";
import { contractExportCommand } from "./contract-export.ts";
import { contractHistoryCommand } from "./contract-history.ts";
import { contractImportCommand } from "./contract-import.ts";
import { contractSnapshotCommand } from "./contract-snapshot.ts";

export function contractCommand(io: Io, exit: (code: number) => void): Command {
  const group = commandGroup(
    "contract",
    "contracts in the languages of other systems, in and out, and how they change",
    [
      "contract export sales.sales --as odcs --out sales.odcs.yaml",
      "contract import orders.odcs.yaml --out domains/orders/contracts.ts",
      "contract diff --from main",
      "contract history sales.sales",
    ],
  );
  for (const one of [
    contractExportCommand(io),
    contractImportCommand(io),
    contractDiffCommand(io, exit),
    contractHistoryCommand(io),
    contractSnapshotCommand(io),
  ])
    group.addCommand(one);
  return group;
}
