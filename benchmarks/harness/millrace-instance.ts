// Millrace itself as a served process: the project in `benchmarks/project`, in a data folder of its own, with its commits noted.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadProject, processLogger, serveInstance } from "millrace/embed";
import { inputOf } from "./measured-process.ts";
import { serveAsked } from "./served-process.ts";

export interface InstanceInput {
  readonly folder: string;
}

export interface InstanceReady {
  readonly url: string;
  readonly token: string;
}

/** A commit of a channel: at this moment its first `received` events were visible to every reader. */
export interface NotedCommit {
  readonly channel: string;
  readonly received: number;
  /** Milliseconds since 1970, with fractions. */
  readonly atMs: number;
}

const { folder } = inputOf<InstanceInput>();
process.env["BENCH_FILES"] ??= join(folder, "files");
mkdirSync(process.env["BENCH_FILES"], { recursive: true });
const project = await loadProject(fileURLToPath(new URL("../project", import.meta.url)));
const instance = await serveInstance({
  project,
  dataFolder: join(folder, "data"),
  log: processLogger("warn"),
  listen: { host: "127.0.0.1", port: 0 },
  start: { live: true },
});
const { platform } = instance.opened;

interface Reached {
  readonly channel: string;
  readonly end: number;
  readonly resolve: () => void;
}

const reached = new Set<Reached>();
function settle(one: Reached): void {
  reached.delete(one);
  one.resolve();
}

const received = new Map<string, number>();
let commits: NotedCommit[] = [];
platform.onCommit(({ batch }) => {
  if (batch === undefined) return;
  const sum = (received.get(batch.channel) ?? 0) + Number(batch.received);
  received.set(batch.channel, sum);
  for (const one of reached) if (one.channel === batch.channel && sum >= one.end) settle(one);
  commits.push({ channel: batch.channel, received: sum, atMs: performance.timeOrigin + performance.now() });
});

serveAsked(
  { url: instance.address ?? "", token: instance.token.value } satisfies InstanceReady,
  {
    async query(sql: string): Promise<readonly string[]> {
      const found = await platform.warehouse.query(sql);
      return (found.rows[0] ?? []).map(String);
    },
    received: (channel: string) => received.get(channel) ?? 0,
    /** Answers when a commit reaches this many events of the channel. */
    reaches({ channel, end }: Omit<Reached, "resolve">): Promise<void> | undefined {
      if ((received.get(channel) ?? 0) >= end) return undefined;
      return new Promise((resolve) => reached.add({ channel, end, resolve }));
    },
    /** The commits since the last time they were asked for. */
    commits(): readonly NotedCommit[] {
      const noted = commits;
      commits = [];
      return noted;
    },
  },
  () => instance.close(),
);
