// Reads a files channel: scans the folder, waits for files to be complete, takes each in, and groups them into arrivals.
import { isMillraceError, type Arrival, type ChannelReader, type ConnectorContext, type Cursor } from "@millrace/core";
import { FileGroup, type StoredFile } from "./file-group.ts";
import { FileIntake, type Intake } from "./file-intake.ts";
import { fileSearch, type FileSearch } from "./file-pattern.ts";
import type { FilesConfig } from "./files-config.ts";
import { listFiles, type FoundFile } from "./list-files.ts";
import { readinessCheck, type ReadinessCheck } from "./readiness.ts";
import { SettledFiles } from "./settled-files.ts";
import { watchFiles } from "./watch-files.ts";

const stream = "default";
const pathsPerQuestion = 1000;
/** Tries of a file that changes while it is copied, within one read. */
const changedTriesMax = 3;
const changedWaitMs = 200;

/** Files that are copied at the same time: their syncs share the disk's turns. Large ones are few. */
const takenAtOnce = { files: 16, bytesMax: 32 * 1024 * 1024 } as const;

/** What one read has met so far. */
interface ReadState {
  readonly failures: unknown[];
  readonly changes: Map<string, number>;
  /** Moment until which it may wait for files to become complete. */
  readonly waitUntilMs: number;
}

export class FilesReader implements ChannelReader {
  readonly #context: ConnectorContext;
  readonly #config: FilesConfig;
  readonly #search: FileSearch;
  readonly #ready: ReadinessCheck;
  readonly #intake: FileIntake;
  readonly #settled = new SettledFiles();

  constructor(context: ConnectorContext, config: FilesConfig) {
    this.#context = context;
    this.#config = config;
    this.#search = fileSearch(config, context);
    this.#ready = readinessCheck(config.ready, context.clock);
    this.#intake = new FileIntake(context, config);
  }

  /**
   * Ready files in order of modification time, then path. Waits for files that are about to become complete, at most twice the quiet period. What
   * cannot be read does not stop the others; the first such failure is thrown at the end.
   */
  async *read(signal: AbortSignal): AsyncGenerator<Arrival> {
    const { clock, log } = this.#context;
    const patienceMs = 2 * this.#ready.waitMsMax + changedTriesMax * changedWaitMs;
    const state: ReadState = { failures: [], changes: new Map(), waitUntilMs: clock.monotonicMs() + patienceMs };
    try {
      for (;;) {
        const { ready, waitMs, problems } = await this.#scan(signal);
        yield* this.#arrivals(ready, state, signal);
        const pauseMs = state.changes.size > 0 && this.#mayRetry(state) ? Math.max(waitMs ?? 0, changedWaitMs) : waitMs;
        if (pauseMs === undefined || clock.monotonicMs() + pauseMs > state.waitUntilMs) {
          state.failures.push(...problems);
          break;
        }
        log.debug("waiting for files to be complete", { waitMs: Math.ceil(pauseMs) });
        await clock.sleep(pauseMs, signal);
      }
    } catch (thrown) {
      if (signal.aborted) return;
      throw thrown;
    }
    if (state.failures.length > 0) throw state.failures[0];
  }

  watch(wake: () => void): () => void {
    return watchFiles({
      search: this.#search,
      rescan: this.#config.rescan ?? "1m",
      clock: this.#context.clock,
      log: this.#context.log,
      wake,
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  async #scan(
    signal: AbortSignal,
  ): Promise<{ ready: FoundFile[]; waitMs: number | undefined; problems: readonly unknown[] }> {
    const { files, problems } = await listFiles(this.#search, signal);
    const fresh = files.filter((file) => !this.#settled.has(file) && !this.#ready.isMarker(file));
    const waits = await this.#ready.check(fresh);
    const ready = fresh.filter((_, at) => waits[at] === 0);
    const waiting = waits.filter((waitMs) => waitMs > 0);
    if (waiting.length > 0) this.#context.log.debug("files are not complete yet", { files: waiting.length });
    const soonest = Math.min(...waiting, Number.POSITIVE_INFINITY);
    return { ready, waitMs: Number.isFinite(soonest) ? soonest : undefined, problems };
  }

  async *#arrivals(ready: readonly FoundFile[], state: ReadState, signal: AbortSignal): AsyncGenerator<Arrival> {
    const group = new FileGroup();
    const members: FoundFile[] = [];
    let before = await this.#context.cursor(stream);
    const close = (): Arrival => {
      const arrival: Arrival = { stream, ...group.take(), before, after: nextCursor(before) };
      before = arrival.after;
      return arrival;
    };
    for await (const { file, intake } of this.#takeAll(ready, state, signal)) {
      if (!group.accepts(intake)) {
        yield close();
        this.#settle(members);
      }
      group.add(intake);
      members.push(file);
      if (!group.isFull && !this.#standsAlone) continue;
      yield close();
      this.#settle(members);
    }
    if (group.isEmpty) return;
    yield close();
    this.#settle(members);
  }

  /** A table that is replaced holds the newest file, never a mixture. */
  get #standsAlone(): boolean {
    return this.#context.channel.outputs[0]?.write === "replace";
  }

  /** The consumer asked for more, so these are committed. */
  #settle(members: FoundFile[]): void {
    for (const file of members.splice(0)) this.#settled.add(file);
  }

  async *#takeAll(
    ready: readonly FoundFile[],
    state: ReadState,
    signal: AbortSignal,
  ): AsyncGenerator<{ file: FoundFile; intake: StoredFile }> {
    for (let at = 0; at < ready.length; at += pathsPerQuestion) {
      const part = ready.slice(at, at + pathsPerQuestion);
      const known = await this.#context.knownFiles(part.map((file) => file.path));
      for (const few of takenTogether(part)) {
        signal.throwIfAborted();
        const taken = await Promise.allSettled(
          few.map((file) => this.#intake.take(file, known.get(file.path), signal)),
        );
        for (const [index, file] of few.entries()) {
          const intake = this.#outcome(file, taken[index], state);
          if (intake !== undefined) yield { file, intake };
        }
      }
    }
  }

  #outcome(
    file: FoundFile,
    outcome: PromiseSettledResult<Intake> | undefined,
    state: ReadState,
  ): StoredFile | undefined {
    if (outcome?.status !== "fulfilled") {
      this.#failed(file, outcome?.reason, state);
      return undefined;
    }
    state.changes.delete(file.path);
    if (outcome.value !== "settled") return outcome.value;
    this.#settled.add(file);
    return undefined;
  }

  /** Remembers what went wrong with one file, so that the others go on; throws what concerns all of them. */
  #failed(file: FoundFile, thrown: unknown, state: ReadState): void {
    if (!isMillraceError(thrown) || !thrown.code.startsWith("file-")) throw thrown;
    this.#context.log.info("file is not taken in now", { path: file.path, reason: thrown.message });
    if (thrown.code !== "file-changed") state.failures.push(thrown);
    else {
      const tries = (state.changes.get(file.path) ?? 0) + 1;
      state.changes.set(file.path, tries);
      if (tries === changedTriesMax) state.failures.push(thrown);
    }
  }

  #mayRetry(state: ReadState): boolean {
    return [...state.changes.values()].some((tries) => tries < changedTriesMax);
  }
}

/** Counts arrivals: each has its own place in the ledger. What was loaded is told by the files' identities. */
function nextCursor(before: Cursor): Cursor {
  return { arrivals: Number(before?.["arrivals"] ?? 0) + 1 };
}

/** Runs of files, in order, that may be copied at the same time. */
function* takenTogether(files: readonly FoundFile[]): Generator<readonly FoundFile[]> {
  let few: FoundFile[] = [];
  let bytes = 0;
  for (const file of files) {
    if (few.length >= takenAtOnce.files || (few.length > 0 && bytes + file.size > takenAtOnce.bytesMax)) {
      yield few;
      few = [];
      bytes = 0;
    }
    few.push(file);
    bytes += file.size;
  }
  if (few.length > 0) yield few;
}
