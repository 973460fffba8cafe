// `millrace dev` and `millrace start`: serve until stopped. `dev` watches the project and adopts changes; `start` is for unattended machines.
import { Option, type Command } from "commander";
import { systemClock, type Logger } from "@millrace/core";
import type { createLogger as CreateLogger, LogLevel } from "@millrace/runtime";
import type { OpenedPlatform } from "../../open-platform.ts";
import { command, CommandContext, wholeNumber, type CommonOptions } from "../command-context.ts";
import { DevReporter } from "../dev-reporter.ts";
import type { Io } from "../io.ts";
import { terminalLog } from "../terminal-log.ts";

interface ServeOptions extends CommonOptions {
  readonly host?: string;
  readonly port?: number;
  readonly logLevel: LogLevel;
}

const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_PORT = 8080;

export function devCommand(io: Io): Command {
  return serveCommand("dev", "serve, watch the project and adopt changes", "warn").action((options: ServeOptions) =>
    serve(new CommandContext(io, options), { ...options, watch: true }),
  );
}

export function startCommand(io: Io): Command {
  return serveCommand("start", "serve without watching the project, for unattended machines", "info").action(
    (options: ServeOptions) => serve(new CommandContext(io, options), { ...options, watch: false }),
  );
}

function serveCommand(name: string, description: string, logLevel: LogLevel): Command {
  return command(name, description, [name, `${name} --port 0        # any free port`, `${name} --host 0.0.0.0`])
    .option("--host <address>", `address to listen on (default: server.host of the project, else ${DEFAULT_HOST})`)
    .option("--port <port>", `port (default: server.port of the project, else ${DEFAULT_PORT})`, wholeNumber(0, 65_535))
    .addOption(
      new Option("--log-level <level>", "least important lines that are logged")
        .choices(["debug", "info", "warn", "error", "silent"])
        .default(logLevel),
    );
}

async function serve(context: CommandContext, options: ServeOptions & { readonly watch: boolean }): Promise<void> {
  const { io } = context;
  // The engines load while the author's code runs in its worker: neither waits for the other.
  const modules = Promise.all([import("../../instance/serve-instance.ts"), import("@millrace/runtime")]);
  modules.catch(() => undefined);
  const project = await context.project();
  const dataFolder = await context.dataFolder();
  const [{ serveInstance }, { createLogger }] = await modules;
  const reporter = new DevReporter(io, context);
  const stop = new AbortController();
  const signal = AbortSignal.any([io.signal, stop.signal]);
  const server = project.config.server;
  await using instance = await serveInstance({
    project,
    dataFolder,
    log: logger(io, context.json, options, createLogger),
    listen: { host: options.host ?? server?.host ?? DEFAULT_HOST, port: options.port ?? server?.port ?? DEFAULT_PORT },
    start: { live: true },
    onStop: () => stop.abort(),
  });
  instance.opened.platform.onCommit((commit) => reporter.committed(commit));
  reporter.ready({
    project: project.config.name,
    address: instance.address,
    tokenFile: instance.token.file,
    // Counted from the start of the process, as its user does.
    readyMs: performance.now(),
  });
  const unwatch = options.watch ? await watch(instance, dataFolder, reporter) : undefined;
  await aborted(signal);
  reporter.stopping();
  await unwatch?.();
}

async function watch(
  { opened }: { readonly opened: OpenedPlatform },
  dataFolder: string,
  reporter: DevReporter,
): Promise<() => Promise<void>> {
  const [{ watchProject }, { ProjectReloader }] = await Promise.all([
    import("../../instance/watch-project.ts"),
    import("../../instance/project-reloader.ts"),
  ]);
  const reloader = new ProjectReloader(opened, reporter);
  const { folder } = opened.platform.project;
  const unwatch = await watchProject({ folder, dataFolder, onChange: () => reloader.request() });
  return async () => {
    await unwatch();
    await reloader.stop();
  };
}

function logger(
  io: Io,
  json: boolean,
  { logLevel: level }: { readonly logLevel: LogLevel },
  createLogger: typeof CreateLogger,
): Logger {
  if (io.err.isTTY === true && !json) return terminalLog(io.err, { level, clock: systemClock });
  return createLogger({ level, clock: systemClock, destination: io.err });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    // A timer keeps the process alive where nothing else does, and costs nothing.
    const alive = setInterval(() => undefined, 2 ** 30);
    const end = (): void => {
      clearInterval(alive);
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}
