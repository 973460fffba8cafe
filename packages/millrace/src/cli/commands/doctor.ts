// `millrace doctor`: looks at everything that can be wrong, changes nothing, and says what to do.
import type { Command } from "commander";
import type { Finding } from "../../doctor/check.ts";
import { command, CommandContext, type CommonOptions } from "../command-context.ts";
import type { Io } from "../io.ts";

const EXIT_FOUND = 1;

export function doctorCommand(io: Io, exit: (code: number) => void): Command {
  return command("doctor", "check versions, project, disk, stores, sums, raw objects and clock", [
    "doctor",
    "doctor --json | jq '.[] | select(.state != \"ok\")'",
  ]).action(async (options: CommonOptions) => {
    const context = new CommandContext(io, options);
    const findings = await examine(context);
    context.answer(findings, () => findings.map(findingText).join("\n"));
    if (findings.some(({ state }) => state === "fail")) exit(EXIT_FOUND);
  });
}

async function examine(context: CommandContext): Promise<Finding[]> {
  const [machine, { storeChecks }] = await Promise.all([
    import("../../doctor/machine-checks.ts"),
    import("../../doctor/store-checks.ts"),
  ]);
  const dataFolder = await context.dataFolder();
  const findings = [
    machine.checkVersions(),
    await context.project().then(
      (project): Finding => ({
        check: "project",
        state: "ok",
        detail: `${project.config.name}: ${countText(project)}`,
      }),
      (error: unknown) => machine.failing("project", error),
    ),
    machine.checkBudget((await context.project().catch(() => undefined))?.config.limits),
    await machine.checkDiskSpace(dataFolder),
    await machine.checkFolder(dataFolder),
  ];
  try {
    findings.push(...(await context.admin(false, (admin) => storeChecks(admin, dataFolder, Date.now()))));
  } catch (error) {
    findings.push(machine.failing("stores", error));
  }
  return findings;
}

function countText({
  domains,
}: {
  readonly domains: readonly {
    contracts: readonly unknown[];
    channels: readonly unknown[];
    models: readonly unknown[];
  }[];
}): string {
  const count = (of: "contracts" | "channels" | "models"): string =>
    `${domains.reduce((sum, domain) => sum + domain[of].length, 0)} ${of}`;
  return [`${domains.length} domains`, count("contracts"), count("channels"), count("models")].join(", ");
}

function findingText({ check, state, detail, hint }: Finding): string {
  return `${state.padEnd(4)}  ${check}: ${detail}${hint === undefined ? "" : `\n        hint: ${hint}`}`;
}
