// Reads a files channel: scans its place, waits for files to be complete, takes each in, groups them into arrivals, and sees to what departed.
import { isAbsolute } from "node:path";
import {
  isMillraceError,
  type Arrival,
  type ChannelReader,
  type ConnectorContext,
  type Cursor,
  type FileIdentity,
} from "@millrace/core";
import { AfterLoading } from "./after-load.ts";
import { DepartedFiles, onDeleteOf } from "./departed-files.ts";
import { FileGroup, type StoredFile } from "./file-group.ts";
import { FileIntake, type Intake } from "./file-intake.ts";
import type { FilesConfig } from "./files-config.ts";
import { KnownIndex } from "./known-index.ts";
import { openPlace } from "./places/open-place.ts";
import { splitPattern } from "./places/file-pattern.ts";
import type { FoundFile, Listing, Place } from "./places/place.ts";
import { readinessCheck } from "./readiness.ts";
import type { ReadinessCheck } from "./readiness-check.ts";
import { SettledFiles } from "./settled-files.ts";

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

/** One look at the place. */
interface Scan {
  readonly listing: Listing;
  readonly ready: readonly FoundFile[];
  readonly waitMs: number | undefined;
  readonly departed: DepartedFiles;
}

/** A file on its way into the ledger, or there already. */
interface Member {
  readonly file: FoundFile;
  readonly identity: FileIdentity;
}

export class FilesReader implements ChannelReader {
  readonly #context: ConnectorContext;
  readonly #config: FilesConfig;
  readonly #place: Place;
  readonly #ready: ReadinessCheck;
  readonly #intake: FileIntake;
  readonly #after: AfterLoading;
  readonly #index: KnownIndex;
  readonly #settled = new SettledFiles();
  readonly #refused = new SettledFiles();

  constructor(context: ConnectorContext, config: FilesConfig, place: Place = openPlace(context, config)) {
    this.#context = context;
    this.#config = config;
    this.#place = place;
    this.#ready = readinessCheck(config.ready, place, context);
    this.#intake = new FileIntake(context, config, place);
    this.#index = new KnownIndex(context);
    this.#after = new AfterLoading(config.after ?? "keep", {
      ...context,
      taking: place.taking,
      start: isAbsolute(config.pattern) ? "" : splitPattern(config.pattern).fixed,
    });
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
        const scan = await this.#scan(state, signal);
        yield* this.#arrivals(scan, state, signal);
        const { waitMs } = scan;
        const pauseMs = state.changes.size > 0 && this.#mayRetry(state) ? Math.max(waitMs ?? 0, changedWaitMs) : waitMs;
        if (pauseMs === undefined || clock.monotonicMs() + pauseMs > state.waitUntilMs) {
          state.failures.push(...scan.listing.problems);
          yield* this.#departures(scan);
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
    return this.#place.watch?.(wake) ?? ((): void => undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#place.close();
  }

  async #scan(state: ReadState, signal: AbortSignal): Promise<Scan> {
    const listing = await this.#place.list(signal);
    await this.#index.load();
    const fresh: FoundFile[] = [];
    for (const file of listing.files) {
      if (this.#settled.has(file) || this.#ready.isMarker(file)) continue;
      if (this.#index.has(file)) await this.#loaded(file, state);
      else fresh.push(file);
    }
    const waits = await this.#ready.check(fresh);
    // After the check: a refused file is looked at anew when its manifest says something else.
    const ready = fresh.filter((file, at) => waits[at] === 0 && !this.#refused.has(file, this.#said(file)));
    const waiting = waits.filter((waitMs) => waitMs > 0);
    if (waiting.length > 0) this.#context.log.debug("files are not complete yet", { files: waiting.length });
    const soonest = Math.min(...waiting, Number.POSITIVE_INFINITY);
    const missing = this.#after.takes ? new Map<string, never>() : await this.#index.missing(listing, this.#place);
    const departed = new DepartedFiles(this.#context, this.#index, missing);
    return { listing, ready, waitMs: Number.isFinite(soonest) ? soonest : undefined, departed };
  }

  async *#arrivals({ ready, departed }: Scan, state: ReadState, signal: AbortSignal): AsyncGenerator<Arrival> {
    const group = new FileGroup();
    const members: Member[] = [];
    let before = await this.#context.cursor(stream);
    const close = (): Arrival => {
      const arrival: Arrival = { stream, ...group.take(), before, after: nextCursor(before) };
      before = arrival.after;
      return arrival;
    };
    for await (const { file, intake } of this.#takeAll(ready, state, signal)) {
      if (await departed.takesOver(intake)) {
        await this.#settle([{ file, identity: intake.identity }], state);
        continue;
      }
      if (!group.accepts(intake)) {
        yield close();
        await this.#settle(members, state);
      }
      group.add(intake);
      members.push({ file, identity: intake.identity });
      if (!group.isFull && !this.#standsAlone) continue;
      yield close();
      await this.#settle(members, state);
    }
    if (group.isEmpty) return;
    yield close();
    await this.#settle(members, state);
  }

  async *#departures({ departed, listing }: Scan): AsyncGenerator<Arrival> {
    if (onDeleteOf(this.#config) === "keep") return departed.note();
    for await (const { paths, batches } of departed.removals(listing.files.length)) {
      const before = await this.#context.cursor(stream);
      const nothing = { objects: [], format: { kind: "ndjson" }, files: [] } as const;
      yield { stream, ...nothing, removesFiles: paths, replacesBatches: batches, before, after: nextCursor(before) };
    }
  }

  /** A table that is replaced holds the newest file, never a mixture. */
  get #standsAlone(): boolean {
    return this.#context.channel.outputs[0]?.write === "replace";
  }

  #said(file: FoundFile): string {
    return this.#ready.expected?.(file)?.said ?? "";
  }

  /** The consumer asked for more, so these are committed. */
  async #settle(members: Member[], state: ReadState): Promise<void> {
    for (const { file, identity } of members.splice(0)) {
      this.#index.put(identity);
      await this.#loaded(file, state);
    }
  }

  /** Rows of this file are committed: it may be taken away, now or at a later look. */
  async #loaded(file: FoundFile, state: ReadState): Promise<void> {
    const failure = await this.#after.loaded(file);
    if (failure === undefined) this.#settled.add(file);
    else state.failures.push(failure);
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
          few.map((file) =>
            this.#intake.take(file, { known: known.get(file.path), expected: this.#ready.expected?.(file), signal }),
          ),
        );
        for (const [index, file] of few.entries()) {
          const intake = await this.#outcome(file, taken[index], state);
          if (intake !== undefined) yield { file, intake };
        }
      }
    }
  }

  async #outcome(
    file: FoundFile,
    outcome: PromiseSettledResult<Intake> | undefined,
    state: ReadState,
  ): Promise<StoredFile | undefined> {
    if (outcome?.status !== "fulfilled") {
      this.#failed(file, outcome?.reason, state);
      return undefined;
    }
    state.changes.delete(file.path);
    if (outcome.value === "loaded") await this.#loaded(file, state);
    else if (outcome.value === "refused") this.#refused.add(file, this.#said(file));
    else return outcome.value;
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
    const size = Math.max(0, file.size);
    if (few.length >= takenAtOnce.files || (few.length > 0 && bytes + size > takenAtOnce.bytesMax)) {
      yield few;
      few = [];
      bytes = 0;
    }
    few.push(file);
    bytes += size;
  }
  if (few.length > 0) yield few;
}
