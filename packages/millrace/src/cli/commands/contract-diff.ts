// `millrace contract diff`: what changes in the contracts from another moment to the project as its files stand now, and whom it breaks. For CI.
import type { Command } from "commander";
import type { ContractSet, ContractDifference } from "../../contracts/contract-set.ts";
import { command, CommandContext, type CommonOptions } from "../command-context.ts";
import type { Io } from "../io.ts";

interface DiffOptions extends CommonOptions {
  readonly from: string;
}

export function contractDiffCommand(io: Io, exit: (code: number) => void): Command {
  return command("diff", "what changes in the contracts, and whom it breaks; ends with 1 when a change is breaking", [
    "contract diff                        # against what is stored",
    "contract diff --from main            # against a commit",
    "contract diff --from contracts.json  # against a snapshot",
  ])
    .argument("[table]", "domain.table; default: all")
    .option("--from <moment>", "stored, a git ref, a file of contract snapshot, or a project's folder", "stored")
    .action(async (table: string | undefined, options: DiffOptions) => {
      const context = new CommandContext(io, options);
      const [{ contractsOf, differences }, { contractsAt, storedContracts }] = await Promise.all([
        import("../../contracts/contract-set.ts"),
        import("../../contracts/contract-moments.ts"),
      ]);
      const after = contractsOf(await context.project());
      const stored = (): Promise<ContractSet> => context.admin(false, (admin) => storedContracts(admin, io.signal));
      const folder = await context.projectFolder();
      const before = await contractsAt(options.from, { cwd: io.cwd, projectFolder: folder, signal: io.signal, stored });
      const found = differences(before, after).filter((one) => table === undefined || one.table === table);
      const breaking = found.some((one) => one.class === "breaking");
      context.answer({ from: options.from, breaking, contracts: found }, () => diffText(found));
      if (breaking) exit(1);
    });
}

function diffText(found: readonly ContractDifference[]): string {
  if (found.length === 0) return "contracts: nothing changes";
  return found
    .map((one) =>
      [`${one.table}: ${one.class === "initial" ? "new" : one.class}`, ...changeLines(one.changes)].join("\n"),
    )
    .join("\n");
}

/** One line per change, with whom it breaks. */
export function changeLines(changes: ContractDifference["changes"]): string[] {
  return changes.map(({ summary, breaks }) => {
    const sign = breaks.length === 0 ? "~" : "!";
    return `  ${sign} ${summary}${breaks.length === 0 ? "" : ` (breaks ${breaks.join(", ")})`}`;
  });
}
