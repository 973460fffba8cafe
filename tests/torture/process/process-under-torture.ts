// The child: a project as programs embed it, with a trap that kills the process at a failpoint, and answers for the harness.
import { writeSync } from "node:fs";
import { setFailpointHook, toMillraceError, type FailpointName } from "@millrace/core";
import { ledgerFaults } from "@millrace/runtime";
import { loadProject, processLogger, serveInstance, type Instance } from "millrace/embed";
import { lastWords, type ProcessSpec, type Reply, type Request, type Scalar, type Trap } from "./messages.ts";
import { plantedAdapters } from "./planted-adapters.ts";
import { TakeOver } from "./take-over.ts";

type Rows = readonly (readonly Scalar[])[];

/** Short enough that a life of seconds also trims its log, writes its checkpoint and takes over what a dead one leased. */
const limits = { trimAgeMs: 300, housekeepingMs: 300, taskLeaseMs: 1000, stopTimeoutMs: 10_000 } as const;
const rowsMax = 2_000_000;

let trap: { readonly set: Trap; left: number } | undefined;

function arm(set: Trap): void {
  trap = { set, left: set.hit };
}

function reached(name: FailpointName): void {
  if (trap?.set.failpoint !== name) return;
  trap.left -= 1;
  if (trap.left > 0) return;
  const { delayMs } = trap.set;
  trap = undefined;
  writeSync(1, `${lastWords}${name}\n`);
  if (delayMs === 0) process.kill(process.pid, "SIGKILL");
  else setTimeout(() => process.kill(process.pid, "SIGKILL"), delayMs);
}

function tell(reply: Reply): void {
  process.send?.(reply);
}

async function answer(request: Request, instance: Instance, takeOver: TakeOver): Promise<Rows> {
  const { platform } = instance.opened;
  switch (request.kind) {
    case "arm":
      arm(request.trap);
      return [];
    case "query":
      return (await platform.warehouse.query(request.sql, [], { rowsMax, timeoutMs: 60_000 })).rows as Rows;
    case "settle": {
      const report = await takeOver.current(platform).runUntilIdle({});
      return report.errors.map((error) => [error.code, error.message]);
    }
    case "stopped-channels": {
      const status = await takeOver.current(platform).status();
      const stopped = status.channels.filter(({ state }) => state === "stopped");
      return stopped.map(({ channel, error }) => [channel, error?.code ?? "", error?.message ?? ""]);
    }
    case "ledger-faults":
      return (await ledgerFaults(platform.warehouse)).map(({ batch, problem }) => [batch, problem]);
    case "take-over":
      await takeOver.begin();
      return [];
    case "stop":
      await takeOver.stop();
      await instance.close();
      return [];
  }
}

async function main(spec: ProcessSpec): Promise<void> {
  if (spec.trap !== undefined) arm(spec.trap);
  setFailpointHook(reached);
  const project = await loadProject(spec.project);
  const takeOver = new TakeOver(project, limits);
  const instance = await serveInstance({
    project,
    dataFolder: spec.dataFolder,
    log: processLogger("warn"),
    listen: { host: "127.0.0.1", port: 0 },
    start: { live: true },
    adapters: (embedded) => takeOver.watched(plantedAdapters(embedded, spec.plant)),
    limits,
  });
  process.on("message", (request: Request) => {
    answer(request, instance, takeOver).then(
      (rows) => {
        tell({ kind: "answer", id: request.id, rows });
        if (request.kind === "stop") process.disconnect();
      },
      (thrown: unknown) => {
        const { code, message } = toMillraceError(thrown);
        tell({ kind: "error", id: request.id, code, message });
      },
    );
  });
  // Without its parent it has nothing to live for.
  process.on("disconnect", () => process.exit());
  tell({ kind: "ready", address: instance.address ?? "", token: instance.token.value });
}

await main(JSON.parse(process.env["TORTURE_PROCESS"] ?? "{}") as ProcessSpec);
