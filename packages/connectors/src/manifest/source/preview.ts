// What a person asks of a connector before a project uses it: does the config work, what streams are there, what do records look like.
import type { Clock, HttpClient, Logger, Metrics, Random, Secrets } from "@millrace/core";
import { MillraceError } from "@millrace/core";
import { AnswerCache } from "../../rest-engine/answer-cache.ts";
import type { EngineContext } from "../../rest-engine/components.ts";
import { sharedManners } from "../../rest-engine/manners/upstream-manners.ts";
import { Redactor } from "../../rest-engine/redactor.ts";
import type { Fields } from "../../rest-engine/slice.ts";
import { StreamWalk } from "../../rest-engine/stream-walk.ts";
import type { Part } from "../compile/compile-context.ts";
import { isComponent, type Component } from "../load/source-lines.ts";
import { inferContract, primaryKey } from "../schema/infer-contract.ts";
import { connectionSpecification, tellWithoutEffect, type AirbyteSource, type StreamReport } from "./airbyte-source.ts";
import { openSource, readManifest, type SourceDescription } from "./open-source.ts";

export interface PreviewTools {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly secrets: Secrets;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** A field that the connector's config may have. */
export interface ConfigField {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly secret: boolean;
  readonly summary: string;
}

export interface DiscoveredStream extends StreamReport {
  readonly key: readonly string[];
  readonly cursor?: string;
  /** Column and type of the table that would be inferred; absent when only the upstream knows. */
  readonly columns?: readonly { readonly name: string; readonly type: string }[];
}

export interface CheckResult {
  readonly ok: boolean;
  readonly streams: readonly { readonly name: string; readonly ok: boolean; readonly error?: string }[];
}

interface Opened {
  readonly source: AirbyteSource;
  readonly engine: EngineContext;
}

/** The fields of the config, from the manifest alone. @throws MillraceError manifest-invalid */
export async function configFields(manifest: string): Promise<readonly ConfigField[]> {
  const { root } = await readManifest(manifest);
  const { properties, required } = connectionSpecification(root);
  if (!isComponent(properties)) return [];
  return Object.entries(properties)
    .filter((entry): entry is [string, Component] => isComponent(entry[1]))
    .map(([name, schema]) => ({
      name,
      type: Array.isArray(schema["enum"])
        ? (schema["enum"] as unknown[]).map((value) => JSON.stringify(value)).join(" | ")
        : plain(schema["type"]) || "any",
      required: Array.isArray(required) && required.includes(name),
      secret: schema["airbyte_secret"] === true,
      summary: (plain(schema["title"]) || plain(schema["description"])).split("\n")[0] ?? "",
    }));
}

function plain(value: unknown): string {
  if (Array.isArray(value)) return value.map(plain).join(" | ");
  return typeof value === "string" ? value : "";
}

/** Every stream with its key, cursor and columns; those of templates are asked of the upstream. */
export async function discoverStreams(
  description: SourceDescription,
  tools: PreviewTools,
  signal: AbortSignal,
): Promise<readonly DiscoveredStream[]> {
  const { source, engine } = await open(description, tools);
  if (source.hasDynamicStreams) await source.resolve(engine, signal);
  const { streams } = source;
  return source.report().map((report, at) => ({ ...report, ...facts(streams[at] as Part) }));
}

function facts(declared: Part): Omit<DiscoveredStream, keyof StreamReport> {
  const cursor = (declared.part("incremental_stream") ?? declared).part("incremental_sync")?.string("cursor_field");
  const columns = inferContract(declared.of, { file: declared.context.lines.file })?.columns.map(({ name, type }) => ({
    name,
    type: type.kind,
  }));
  return {
    key: primaryKey(declared.of),
    ...(cursor === undefined ? {} : { cursor }),
    ...(columns === undefined ? {} : { columns }),
  };
}

/** Reads each stream that the manifest checks with up to its first record. A failed stream is part of the result; without a stream nothing works. */
export async function checkConnection(
  description: SourceDescription,
  tools: PreviewTools,
  signal: AbortSignal,
): Promise<CheckResult> {
  const { source, engine } = await open(description, tools);
  if (source.hasDynamicStreams) await source.resolve(engine, signal);
  const streams: { name: string; ok: boolean; error?: string }[] = [];
  for (const name of source.checkedStreams) {
    const error = await firstPage({ source, engine }, name, signal).catch((thrown: unknown) => thrown);
    if (error instanceof MillraceError)
      streams.push({ name, ok: false, error: engine.redactor.clean(`[${error.code}] ${error.message}`) });
    else if (error instanceof Error) throw error;
    else streams.push({ name, ok: true });
  }
  return { ok: streams.length > 0 && streams.every(({ ok }) => ok), streams };
}

async function firstPage(opened: Opened, name: string, signal: AbortSignal): Promise<void> {
  for await (const _record of records(opened, name, signal)) return;
}

/** The first records of a stream, after its filters and transformations. */
export async function* previewRecords(
  description: SourceDescription,
  tools: PreviewTools,
  { stream, limit, signal }: { readonly stream: string; readonly limit: number; readonly signal: AbortSignal },
): AsyncGenerator<Fields> {
  const opened = await open(description, tools);
  if (opened.source.hasDynamicStreams) await opened.source.resolve(opened.engine, signal);
  let given = 0;
  for await (const record of records(opened, stream, signal)) {
    yield record;
    given += 1;
    if (given >= limit) return;
  }
}

async function* records({ source, engine }: Opened, name: string, signal: AbortSignal): AsyncGenerator<Fields> {
  const plan = source.plan(name, { hasState: false });
  tellWithoutEffect(source, name, engine.log);
  for await (const page of new StreamWalk(engine, plan, {}).pages(signal)) yield* page.content.records;
}

async function open(description: SourceDescription, tools: PreviewTools): Promise<Opened> {
  const redactor = new Redactor();
  const { http, clock, random, secrets, log, metrics } = tools;
  const source = await openSource(description, { clock, random, secrets, redactor });
  const manners = sharedManners(http, { clock, log, metrics });
  const engine = {
    http,
    clock,
    random,
    log,
    metrics,
    secrets,
    channel: "connector",
    redactor,
    personal: false,
    manners,
    answers: new AnswerCache(),
  };
  return { source, engine };
}
