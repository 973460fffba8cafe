// Opens a channel on real stores and plays the loader's part: commits each arrival's cursor and files before it asks for the next.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  systemClock,
  systemRandom,
  type Arrival,
  type ChannelDeclaration,
  type ChannelDefinition,
  type ChannelReader,
  type Clock,
  type Connector,
  type ConnectorContext,
  type Cursor,
  type FileIdentity,
  type KnownFile,
  type LogFields,
  type Logger,
  type RefusedFile,
} from "@millrace/core";
import { createSecrets, openFileObjectStore } from "@millrace/store-local";
import { createHttpClient } from "../http/http-client.ts";

export interface HarnessOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  readonly allowAddresses?: readonly string[];
}

/** What the ledger would hold, and what came out of the channel. */
export class ChannelHarness implements AsyncDisposable {
  readonly folder: string;
  readonly cursors = new Map<string, Cursor>();
  readonly known = new Map<string, KnownFile>();
  readonly refused: RefusedFile[] = [];
  readonly lines: string[] = [];
  readonly counts: string[] = [];
  readonly context: ConnectorContext;
  readonly #connector: Connector;
  #reader: Promise<ChannelReader> | undefined;
  #batch = 0n;

  constructor(folder: string, connector: Connector, context: (harness: ChannelHarness) => ConnectorContext) {
    this.folder = folder;
    this.#connector = connector;
    this.context = context(this);
  }

  get reader(): Promise<ChannelReader> {
    this.#reader ??= this.#connector.open(this.context);
    return this.#reader;
  }

  /** The process dies and starts again: what was not committed is forgotten. */
  async restart(): Promise<void> {
    const reader = await this.#reader?.catch(() => undefined);
    await reader?.[Symbol.asyncDispose]();
    this.#reader = undefined;
  }

  /** Reads to the end, committing each arrival. `stopAfter` dies before that arrival is committed. */
  async drain(options: { readonly stopAfter?: number; readonly signal?: AbortSignal } = {}): Promise<Arrival[]> {
    const arrivals: Arrival[] = [];
    for await (const arrival of (await this.reader).read(options.signal ?? new AbortController().signal)) {
      arrivals.push(arrival);
      if (arrivals.length === options.stopAfter) break;
      this.commit(arrival);
    }
    return arrivals;
  }

  commit(arrival: Arrival): void {
    const committed = this.cursors.get(arrival.stream) ?? null;
    if (JSON.stringify(arrival.before) !== JSON.stringify(committed))
      throw new Error("fenced: before is not what is committed");
    this.cursors.set(arrival.stream, structuredClone(arrival.after));
    this.#batch += 1n;
    for (const path of arrival.removesFiles ?? []) this.#mark(path, "removed");
    for (const file of arrival.files ?? []) {
      const version = (this.known.get(file.path)?.version ?? 0) + 1;
      this.known.set(file.path, { ...file, version, batch: this.#batch, state: "loaded" });
    }
  }

  refuse(refused: RefusedFile): void {
    const before = this.known.get(refused.file.path);
    this.refused.push(refused);
    this.known.set(refused.file.path, {
      ...refused.file,
      version: (before?.version ?? 0) + 1,
      batch: before?.batch ?? 0n,
      state: "refused",
    });
  }

  #mark(path: string, state: KnownFile["state"]): void {
    const before = this.known.get(path);
    if (before === undefined) throw new Error(`${path} is not known`);
    this.known.set(path, {
      ...before,
      version: before.version + 1,
      state,
      batch: state === "gone" ? before.batch : 0n,
    });
  }

  renamed(from: string, file: FileIdentity): void {
    const before = this.known.get(from);
    if (before === undefined) throw new Error(`${from} is not known`);
    this.#mark(from, "renamed");
    this.known.set(file.path, { ...file, version: 1, batch: before.batch, state: "loaded" });
  }

  gone(paths: readonly string[]): void {
    for (const path of paths) this.#mark(path, "gone");
  }

  async *livingFiles(): AsyncGenerator<KnownFile> {
    yield* [...this.known.values()].filter(({ state }) => state === "loaded" || state === "gone");
  }

  /** Everything that an arrival holds, as text, object by object. */
  async contents(arrival: Arrival): Promise<string[]> {
    const texts: string[] = [];
    for (const { ref } of arrival.objects)
      texts.push(Buffer.concat(await Array.fromAsync(this.context.objects.get(ref))).toString("utf8"));
    return texts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.restart();
    await this.context.http.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export async function openHarness(
  connector: Connector,
  declaration: ChannelDeclaration,
  options: HarnessOptions = {},
): Promise<ChannelHarness> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-channel-"));
  const objects = await openFileObjectStore(join(folder, ".objects"));
  const clock = options.clock ?? systemClock;
  const outputs = declaration.outputs.map((output) => ({ ...output, domain: "shop" }));
  const channel: ChannelDefinition = { ...structuredClone(declaration), domain: "shop", name: "feed", outputs };
  return new ChannelHarness(folder, connector, (harness) => ({
    channel,
    projectFolder: folder,
    objects,
    http: createHttpClient({ clock, allowAddresses: options.allowAddresses ?? ["127.0.0.1"] }),
    secrets: createSecrets({ env: options.env ?? {}, folder }),
    clock,
    random: systemRandom,
    log: recordingLogger(harness.lines),
    metrics: {
      count: (name, _by, labels) => harness.counts.push(`${name} ${JSON.stringify(labels)}`),
      gauge: () => undefined,
      seconds: () => undefined,
    },
    cursor: (stream) => Promise.resolve(harness.cursors.get(stream) ?? null),
    knownFiles: (paths) => Promise.resolve(new Map([...harness.known].filter(([path]) => paths.includes(path)))),
    livingFiles: () => harness.livingFiles(),
    renamed: ({ from, file }) => Promise.resolve(harness.renamed(from, file)),
    gone: (paths) => Promise.resolve(harness.gone(paths)),
    refuse: (refused) => Promise.resolve(harness.refuse(refused)),
  }));
}

function recordingLogger(lines: string[]): Logger {
  const line =
    (level: string) =>
    (message: string, fields?: LogFields): void => {
      lines.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
    };
  const log: Logger = {
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
    child: () => log,
  };
  return log;
}
