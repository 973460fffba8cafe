// What `millrace dev` and `start` tell: lines for people, or one JSON event per line with --json.
import { stringifyExact, type BatchReport, type CommitEvent, type MillraceError } from "@millrace/core";
import type { ProjectPlan } from "@millrace/runtime";
import type { ReloadListener } from "../instance/project-reloader.ts";
import type { Io } from "./io.ts";
import { planText } from "./plan-text.ts";
import { errorText } from "./report-error.ts";

/** Batches of one channel within this time are told as one line: an events channel commits several times a second. */
const GATHER_MS = 1000;

type Sums = Record<"batches" | "received" | "accepted" | "quarantined" | "duplicate", bigint>;

export interface Ready {
  readonly project: string;
  readonly address: string | undefined;
  readonly tokenFile: string | undefined;
  readonly readyMs: number;
}

export class DevReporter implements ReloadListener {
  readonly #io: Io;
  readonly #json: boolean;
  readonly #gathered = new Map<string, Sums>();
  #timer: NodeJS.Timeout | undefined;

  constructor(io: Io, { json }: { readonly json: boolean }) {
    this.#io = io;
    this.#json = json;
  }

  ready(ready: Ready): void {
    const token = ready.tokenFile === undefined ? "from MILLRACE_TOKEN" : `in ${ready.tokenFile}`;
    this.#tell("ready", ready, () =>
      [
        `${ready.project} is ready after ${(ready.readyMs / 1000).toFixed(2)} s`,
        ...(ready.address === undefined
          ? []
          : [`  address  ${ready.address}  (/openapi.json, /data/<domain>/<table>, /ingest/<channel>)`]),
        `  token    ${token}`,
      ].join("\n"),
    );
  }

  planned(plan: ProjectPlan): void {
    const adopted = plan.conflicts.length === 0;
    const note = adopted ? "" : "\nnot adopted: the project before keeps serving, its data is untouched";
    this.#tell("plan", { adopted, ...plan }, () => `${planText(plan)}${note}`);
  }

  failed(error: MillraceError): void {
    this.#tell("error", { error: error.toJSON() }, () => `${errorText(error)}the project before keeps serving`);
  }

  needsRestart(settings: readonly string[]): void {
    this.#tell("restart-needed", { settings }, () => `restart to adopt the changed settings: ${settings.join(", ")}`);
  }

  committed({ batch }: CommitEvent): void {
    if (batch === undefined) return;
    const sums = this.#gathered.get(batch.channel) ?? none();
    this.#gathered.set(batch.channel, add(sums, batch));
    this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  stopping(): void {
    clearTimeout(this.#timer);
    this.#flush();
    this.#tell("stopping", {}, () => "stopping: running batches are finished or given up, nothing is lost");
  }

  #flush(): void {
    this.#timer = undefined;
    for (const [channel, sums] of this.#gathered)
      this.#tell("batches", { channel, ...sums }, () => {
        const { received, accepted, quarantined, duplicate } = sums;
        return `${channel}: ${received} received = ${accepted} accepted + ${quarantined} quarantined + ${duplicate} duplicate`;
      });
    this.#gathered.clear();
  }

  #tell(event: string, fields: object, text: () => string): void {
    this.#io.out.write(this.#json ? `${stringifyExact({ event, ...fields })}\n` : `${text()}\n`);
  }
}

function none(): Sums {
  return { batches: 0n, received: 0n, accepted: 0n, quarantined: 0n, duplicate: 0n };
}

function add(sums: Sums, batch: BatchReport): Sums {
  return {
    batches: sums.batches + 1n,
    received: sums.received + batch.received,
    accepted: sums.accepted + batch.accepted,
    quarantined: sums.quarantined + batch.quarantined,
    duplicate: sums.duplicate + batch.duplicate,
  };
}
