// The running platform: puts the parts together, starts and stops them in order, and answers the server and the command line.
import {
  channelName,
  failpoint,
  MillraceError,
  toMillraceError,
  type BatchReport,
  type CommitEvent,
  type ErrorReport,
  type ProjectDefinition,
  type Warehouse,
} from "@millrace/core";
import { channelsOf, readingsOf, streamsOf, validateChannel } from "./channels/channel-set.ts";
import { DeliveryDesk } from "./deliveries/delivery-desk.ts";
import { deliveriesOf, validateDelivery } from "./deliveries/delivery-set.ts";
import type {
  DeliveryActionOutcome,
  DeliveryFilter,
  DeliveryReport,
  DeliveryRequest,
  DeliveryStatus,
  Reconciliation,
} from "./deliveries/delivery-types.ts";
import { CommitBus } from "./load/commit-bus.ts";
import { readEntries, toReport } from "./load/ledger.ts";
import { followedTables, planProjectModels } from "./models/plan-models.ts";
import { LiveWork } from "./schedule/live-work.ts";
import { RecentWork } from "./observe/recent-work.ts";
import { StatusReader, type PlatformCondition } from "./observe/status-reader.ts";
import { adoptTables } from "./plan/adopt-tables.ts";
import { planRules } from "./plan/plan-rules.ts";
import type { LineageTarget } from "@millrace/transform";
import { projectLineage, type LineageReport } from "./plan/project-lineage.ts";
import { conflict, planChannels, planTables, projectPlan } from "./plan/plan-project.ts";
import { planDeliveries } from "./plan/plan-deliveries.ts";
import { planModelChanges } from "./plan/plan-models.ts";
import type { PlannedChange, PlannedStream, ProjectPlan } from "./plan/project-plan.ts";
import type {
  QuarantinedRow,
  QuarantinedRowHistory,
  QuarantineFilter,
  QuarantineOutcome,
  QuarantineRequest,
} from "./quarantine/quarantine.ts";
import type {
  FileReceipt,
  HookDelivery,
  HookReceipt,
  IngestReceipt,
  IngestRequest,
  Platform,
  PlatformHealth,
  PlatformStatus,
  Progress,
  RunReport,
  StartOptions,
  StoredBlob,
  UploadPart,
  UploadRules,
} from "./platform.ts";
import { buildWorks, type Works } from "./platform-works.ts";
import type { PlatformParts } from "./platform-parts.ts";
import { defaultLimits, type PlatformLimits } from "./platform-limits.ts";
import { actOnQuarantine } from "./quarantine/act.ts";
import { reportProject, type ProjectReport } from "./quality/project-report.ts";
import { qualityOfTable, summarizeQuality, type QualityParts } from "./quality/quality-report.ts";
import type { QualitySummary, TableQuality } from "./quality/quality.ts";
import { listQuarantine, showQuarantined } from "./quarantine/quarantine-reader.ts";
import { replayBatch } from "./quarantine/replay.ts";
import { withDeadline } from "./schedule/deadline.ts";
import { recordedRun } from "./schedule/recorded-run.ts";
import { runToEnd, settleFollowers } from "./schedule/run-to-end.ts";

/** Nothing runs before `start()`. The caller closes the stores and the warehouse after `stop()`. */
export function createPlatform(parts: PlatformParts): Platform {
  return new PlatformInstance(parts);
}

class PlatformInstance implements Platform {
  readonly warehouse: Warehouse;
  readonly #parts: PlatformParts;
  readonly #limits: PlatformLimits;
  readonly #bus: CommitBus;
  readonly #recent = new RecentWork();
  #project: ProjectDefinition;
  #works: Works | undefined;
  #live: LiveWork | undefined;
  #status: StatusReader | undefined;
  #storageError: ErrorReport | undefined;
  #changing: Promise<unknown> = Promise.resolve();
  #collecting = Promise.resolve();
  readonly #stopping = new AbortController();
  /** True once this process has taken the claims. */
  #owns = false;
  #stopped = false;

  constructor(parts: PlatformParts) {
    this.#parts = parts;
    this.#limits = { ...defaultLimits, ...parts.limits };
    this.#bus = new CommitBus(parts.log);
    this.#project = parts.project;
    this.warehouse = parts.warehouse;
  }

  get project(): ProjectDefinition {
    return this.#project;
  }

  async start(options: StartOptions = {}): Promise<void> {
    for (const channel of channelsOf(this.#project)) validateChannel(this.#parts.connectors, channel);
    for (const one of deliveriesOf(this.#project)) validateDelivery(this.#parts.destinations ?? [], one);
    failpoint("recovery");
    const works = buildWorks(this.#parts, {
      limits: this.#limits,
      bus: this.#bus,
      onStorageError: (error) => this.#storageFailed(error),
      onError: (error) => this.#recent.failed(error.toJSON()),
      requestModel: (model, readyAtMs) => this.#live?.requestModel(model, readyAtMs),
    });
    this.#bus.subscribe((commit) => this.#heard(works, commit));
    this.#works = works;
    this.#status = new StatusReader({ platform: this.#parts, ...works });
    try {
      await this.#adopt(this.#project);
      await works.readmitter.start();
      this.#collecting = this.#collectLeftovers(works);
      if (options.live === false) return;
      this.#live = new LiveWork(this.#parts, this.#limits, works);
      await this.#live.start();
      works.clockJudge.start();
      works.late.start();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async ingest(channel: string, request: IngestRequest): Promise<IngestReceipt> {
    return this.#running().ingress.ingest(channel, request);
  }

  async hook(channel: string, delivery: HookDelivery): Promise<HookReceipt> {
    return this.#running().hooks.receive(channel, delivery);
  }

  uploadRules(channel: string): UploadRules {
    return this.#running().uploads.rules(channel);
  }

  async upload(channel: string, parts: AsyncIterable<UploadPart>): Promise<readonly FileReceipt[]> {
    return this.#running().uploads.receive(channel, parts);
  }

  async blob(row: { readonly domain: string; readonly table: string; readonly id: string }): Promise<StoredBlob> {
    return this.#running().uploads.blob(row);
  }

  async runUntilIdle(options: {
    readonly signal?: AbortSignal;
    readonly onProgress?: (progress: Progress) => void;
  }): Promise<RunReport> {
    const summary = (report: RunReport): unknown => ({ batches: report.batches.length, errors: report.errors.length });
    const run = { kind: "run", subject: this.#project.config.name, summary };
    return recordedRun(this.#parts, run, () => this.#runUntilIdle(options));
  }

  async #runUntilIdle(options: {
    readonly signal?: AbortSignal;
    readonly onProgress?: (progress: Progress) => void;
  }): Promise<RunReport> {
    const startedMs = this.#parts.clock.monotonicMs();
    const works = this.#running();
    await runToEnd(works, { ...options, tasksMax: this.#limits.tasksMax });
    const status = this.#statusReader();
    const models = works.models.status();
    const channels = status.channels();
    const deliveries = await this.deliveries();
    const failing = [...channels, ...models, ...deliveries]
      .map((part) => part.error)
      .filter((error) => error !== undefined);
    const { batches, errors } = this.#recent.take();
    return {
      batches,
      channels,
      models,
      deliveries,
      errors: distinct([...errors, ...failing]),
      elapsedMs: this.#parts.clock.monotonicMs() - startedMs,
    };
  }

  async status(): Promise<PlatformStatus> {
    const status = await this.#statusReader().read(this.#project, this.#condition);
    const deliveries = this.#works?.deliveries;
    if (deliveries === undefined) return { ...status, deliveries: [] };
    return { ...status, deliveries: await new DeliveryDesk({ platform: this.#parts, deliveries }).list() };
  }

  async health(): Promise<PlatformHealth> {
    return this.#statusReader().health(this.#condition);
  }

  get #condition(): PlatformCondition {
    return { ready: this.#works !== undefined && !this.#stopped, storageError: this.#storageError };
  }

  quarantineList(filter: QuarantineFilter): Promise<readonly QuarantinedRow[]> {
    return listQuarantine(this.warehouse, filter);
  }

  quarantineShow(
    batch: bigint,
    row: bigint,
    options: { readonly showPii?: boolean } = {},
  ): Promise<QuarantinedRowHistory> {
    return showQuarantined(this.warehouse, { batch, row, showPii: options.showPii === true });
  }

  async quality(): Promise<readonly QualitySummary[]> {
    return summarizeQuality(await this.#qualityParts());
  }

  async qualityOf(table: string): Promise<TableQuality> {
    return qualityOfTable(await this.#qualityParts(), table);
  }

  report(): Promise<ProjectReport> {
    return reportProject({ warehouse: this.warehouse, project: this.#project });
  }

  async #qualityParts(): Promise<QualityParts> {
    const verdicts = await this.#running().clockJudge.verdicts();
    return { warehouse: this.warehouse, project: this.#project, verdicts };
  }

  async batches(options: { readonly channel?: string; readonly limit: number }): Promise<readonly BatchReport[]> {
    return (await readEntries(this.warehouse, options)).map(toReport);
  }

  deliveries(): Promise<readonly DeliveryStatus[]> {
    return this.#desk().list();
  }

  deliveryShow(delivery: string, filter: DeliveryFilter): Promise<DeliveryReport> {
    return this.#desk().show(delivery, filter);
  }

  deliveryAct(request: DeliveryRequest): Promise<DeliveryActionOutcome> {
    return this.#desk().act(request);
  }

  deliveryReconcile(delivery: string): Promise<Reconciliation> {
    return this.#desk().reconcile(delivery);
  }

  #desk(): DeliveryDesk {
    return new DeliveryDesk({ platform: this.#parts, deliveries: this.#running().deliveries });
  }

  async quarantineAct(request: QuarantineRequest): Promise<QuarantineOutcome> {
    const works = this.#running();
    const { readmitRowsMax } = this.#limits;
    const outcome = await actOnQuarantine({ ...this.#parts, ...works, readmitRowsMax }, request);
    if (outcome.readmitted > 0n && !outcome.dryRun) await this.#follow(works);
    return outcome;
  }

  async replay(batch: bigint, options: { readonly request?: string } = {}): Promise<BatchReport> {
    const works = this.#running();
    const summary = (report: BatchReport): unknown => ({ batch: Number(report.batch) });
    const report = await recordedRun(this.#parts, { kind: "replay", subject: String(batch), summary }, () =>
      replayBatch({ ...this.#parts, ...works }, batch, options),
    );
    await this.#follow(works);
    return report;
  }

  /** Without live work nothing else would build what follows from a commit. */
  async #follow(works: Works): Promise<void> {
    if (this.#live === undefined) await settleFollowers(works, new AbortController().signal);
  }

  async plan(next?: ProjectDefinition): Promise<ProjectPlan> {
    const project = next ?? this.#project;
    const changes: PlannedChange[] = [];
    const streams: PlannedStream[] = [];
    for (const channel of channelsOf(project)) {
      try {
        validateChannel(this.#parts.connectors, channel);
        streams.push(...readingsOf(this.#parts.connectors, channel));
      } catch (error) {
        changes.push(conflict("channel", channelName(channel), toMillraceError(error).toJSON()));
      }
    }
    const running = next === undefined || this.#works === undefined ? undefined : channelsOf(this.#project);
    const rules = planRules(project);
    changes.push(...rules.conflicts);
    const tables = await planTables(this.warehouse, project);
    changes.push(...tables.changes);
    changes.push(...(await planChannels(this.warehouse, channelsOf(project), running)));
    const models = await planProjectModels(this.warehouse, project, tables.shapes);
    changes.push(...(await planModelChanges(this.warehouse, models)));
    const { destinations = [] } = this.#parts;
    const parts = { warehouse: this.warehouse, destinations, shapes: tables.shapes, models };
    const present = next === undefined || this.#works === undefined ? undefined : this.#project;
    changes.push(...(await planDeliveries(parts, { next: project, running: present })));
    return projectPlan(changes, { rules: rules.rules, streams });
  }

  lineage(target: LineageTarget, next?: ProjectDefinition): Promise<LineageReport> {
    return projectLineage(this.warehouse, next ?? this.#project, target);
  }

  /** A plan with conflicts is returned and not adopted: the project before goes on. */
  reload(next: ProjectDefinition): Promise<ProjectPlan> {
    const turn = this.#reload(this.#changing, next);
    this.#changing = turn.catch(() => undefined);
    return turn;
  }

  async #reload(before: Promise<unknown>, next: ProjectDefinition): Promise<ProjectPlan> {
    await before;
    const plan = await this.plan(next);
    if (plan.conflicts.length > 0) return plan;
    await this.#adopt(next);
    await this.#live?.projectChanged();
    return plan;
  }

  onCommit(listener: (commit: CommitEvent) => void): () => void {
    return this.#bus.subscribe(listener);
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    const works = this.#works;
    if (works === undefined) return;
    this.#stopping.abort();
    const stopping = (async (): Promise<void> => {
      await this.#live?.stop();
      await works.channels.stop();
      await works.readmitter.stop();
      await works.models.stop();
      await works.clockJudge.stop();
      await works.deliveries.stop();
      works.late.stop();
      await this.#collecting;
    })();
    await withDeadline(this.#parts.clock, stopping, {
      ms: this.#limits.stopTimeoutMs,
      message: "Running work did not stop in time; what was not committed is done again at the next start.",
    });
  }

  /** Tables, fences, channels, models, deliveries: in this order, so that a channel never meets a table that is not there. */
  async #adopt(project: ProjectDefinition): Promise<void> {
    const works = this.#running();
    const { tables, changed } = await adoptTables(this.warehouse, this.#parts.clock, project);
    works.tables.set(tables);
    if (changed.length > 0) this.#bus.publish({ tables: changed });
    await this.#takeOver(works, project);
    this.#project = project;
    await works.channels.adopt(project);
    works.ingress.adopt(works.channels.batchers, channelsOf(project).map(channelName));
    works.hooks.adopt(channelsOf(project));
    works.uploads.adopt(channelsOf(project));
    const plan = await planProjectModels(this.warehouse, project);
    works.tables.follow(followedTables(plan));
    await works.models.adopt(plan);
    works.clockJudge.adopt(project);
    await works.deliveries.adopt(project);
    works.late.adopt(channelsOf(project));
  }

  /** Fences off earlier owners, then goes on behind the last batch that they committed. */
  async #takeOver(works: Works, project: ProjectDefinition): Promise<void> {
    await works.claims.take(streamsOf(project));
    if (this.#owns) return;
    await works.sequence.continueBehind(this.warehouse);
    await works.totals.read(this.warehouse);
    this.#owns = true;
  }

  /** Beside everything else: nobody waits for it. */
  async #collectLeftovers(works: Works): Promise<void> {
    try {
      await works.uploads.collect(this.#stopping.signal);
    } catch (error) {
      const report = toMillraceError(error).toJSON();
      this.#parts.log.warn("Content of interrupted uploads was not looked for.", { error: report });
    }
  }

  #heard(works: Works, commit: CommitEvent): void {
    if (commit.batch !== undefined) {
      works.totals.add(commit.batch);
      this.#recent.committed(commit.batch);
    }
    works.readmitter.heard(commit);
    works.models.heard(commit);
    works.clockJudge.heard(commit);
    works.deliveries.heard(commit);
    works.late.heard(commit);
  }

  /** After a storage error nobody writes any more; reading goes on until the restart. */
  #storageFailed(error: MillraceError): void {
    if (this.#storageError !== undefined) return;
    this.#storageError = error.toJSON();
    this.#parts.log.error("Storage failed: all writers stop. Repair the disk and restart.", { error: error.toJSON() });
    this.stop().catch((failure: unknown) => {
      this.#parts.log.error("The writers did not stop.", { error: toMillraceError(failure).toJSON() });
    });
  }

  #running(): Works {
    if (this.#storageError !== undefined)
      throw new MillraceError("storage-poisoned", `The platform stopped after: ${this.#storageError.message}`);
    if (this.#stopped) throw new MillraceError("overloaded", "The platform is stopping; nothing was written.");
    if (this.#works === undefined)
      throw new MillraceError("overloaded", "The platform is starting; nothing was written.");
    return this.#works;
  }

  #statusReader(): StatusReader {
    if (this.#status === undefined)
      throw new MillraceError("overloaded", "The platform is starting; nothing was written.");
    return this.#status;
  }
}

function distinct(errors: readonly ErrorReport[]): readonly ErrorReport[] {
  return [...new Map(errors.map((error) => [`${error.code} ${error.message}`, error])).values()];
}
