// A connector whose source is a list in the test: each item is one arrival, and the cursor counts the items that are committed.
import type {
  Arrival,
  ChannelDefinition,
  ChannelReader,
  Connector,
  ConnectorContext,
  ContractDefinition,
  DecodeFormat,
  FileIdentity,
  ObjectRef,
  WriteMode,
} from "@millrace/core";

/** One arrival: objects of NDJSON text, or of another format. */
export interface QueueItem {
  readonly objects: readonly string[];
  readonly format?: DecodeFormat;
  /** Objects that are stored already, behind the others. */
  readonly refs?: readonly ObjectRef[];
  readonly files?: readonly FileIdentity[];
  readonly replacesPaths?: readonly string[];
  readonly fail?: Error;
}

export class QueueSource {
  readonly items: QueueItem[] = [];
  /** Called before an item is handed out; tests throw from here. */
  beforeItem: (index: number) => void = () => undefined;
  wake: () => void = () => undefined;

  push(...records: readonly unknown[]): void {
    this.items.push({ objects: [ndjson(records)] });
  }
}

export function ndjson(records: readonly unknown[]): string {
  return records.map((record) => `${typeof record === "string" ? record : JSON.stringify(record)}\n`).join("");
}

export function file(path: string, text: string, modifiedMicros = 1n): FileIdentity {
  return { path, size: text.length, modifiedMicros, sha256: `${path}:${text.length}:${modifiedMicros}` };
}

/** `source` is found by the channel's `config.queue`. */
export function queueConnector(sources: ReadonlyMap<string, QueueSource>): Connector {
  return {
    name: "queue",
    summary: "Arrivals from a list.",
    fields: [{ name: "queue", type: "string", required: true, summary: "name of the list" }],
    example: "",
    validate: () => undefined,
    open: (context) => Promise.resolve(reader(context, sources)),
  };
}

function reader(context: ConnectorContext, sources: ReadonlyMap<string, QueueSource>): ChannelReader {
  const source = sources.get((context.channel.config as { queue: string }).queue);
  if (source === undefined) throw new Error("no such queue");
  return {
    async *read(signal) {
      const cursor = await context.cursor("default");
      for (let at = Number(cursor?.["items"] ?? 0); at < source.items.length && !signal.aborted; at += 1) {
        source.beforeItem(at);
        const item = source.items[at];
        if (item?.fail !== undefined) throw item.fail;
        if (item !== undefined) yield await arrival(context, item, at);
      }
    },
    watch(wake) {
      source.wake = wake;
      return () => undefined;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function arrival(context: ConnectorContext, item: QueueItem, at: number): Promise<Arrival> {
  const known = await context.knownFiles(item.replacesPaths ?? []);
  const objects = [];
  for (const text of item.objects) {
    const prefix = `raw/${context.channel.domain}/${context.channel.name}`;
    const ref = await context.objects.put(Buffer.from(text), { prefix, extension: "ndjson", codec: "zstd" });
    objects.push({ ref, encoding: "none" as const });
  }
  for (const ref of item.refs ?? []) objects.push({ ref, encoding: "none" as const });
  return {
    stream: "default",
    objects,
    format: item.format ?? { kind: "ndjson" },
    before: at === 0 ? null : { items: at },
    after: { items: at + 1 },
    ...(item.files === undefined ? {} : { files: item.files }),
    replacesBatches: [...new Set([...known.values()].map((found) => found.batch).filter((batch) => batch > 0n))],
  };
}

export function queueChannel(options: {
  readonly domain: string;
  readonly name: string;
  readonly contract: ContractDefinition;
  readonly write: WriteMode;
  readonly every?: string;
}): ChannelDefinition {
  const { domain, name, contract, write } = options;
  return {
    kind: "channel",
    domain,
    name,
    connector: "queue",
    config: { queue: `${domain}.${name}` },
    every: options.every ?? "on-arrival",
    outputs: [{ stream: "default", contract, domain, write }],
  };
}
