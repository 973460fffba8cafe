// A connector manifest with a config: its streams as plans of the engine. Faces: the channel (channel/) and the command line.
import { MillraceError, type Logger } from "@millrace/core";
import type { EngineContext, StreamPlan } from "../../rest-engine/components.ts";
import { Part, type CompileContext, type ConnectorConfig } from "../compile/compile-context.ts";
import type { CustomClasses } from "../compile/custom-classes.ts";
import { compileStream, type StreamOptions } from "../compile/streams.ts";
import { upstreamRules } from "../compile/upstream-rules.ts";
import { withoutEffect, withoutEffectOfSource } from "../compile/without-effect.ts";
import type { LoadedManifest } from "../load/load-manifest.ts";
import { isComponent, type Component } from "../load/source-lines.ts";
import type { Surroundings } from "../template/environment.ts";
import { Templates } from "../template/interpolation.ts";
import { dynamicStreams } from "./dynamic-streams.ts";
import { migratedConfig } from "./config-rules.ts";

export interface SourceOptions {
  readonly manifest: LoadedManifest;
  readonly config: ConnectorConfig;
  readonly surroundings: Surroundings;
  readonly classes?: CustomClasses;
}

/** A stream, and whether it can be read. */
export interface StreamReport {
  readonly name: string;
  readonly supported: boolean;
  /** Why not, with file and line. */
  readonly reason?: string;
  /** Code of the error that reading it would end with. */
  readonly code?: string;
  /** Fields of its part of the manifest that do nothing here, each with file, line and reason; absent when there are none. */
  readonly withoutEffect?: readonly string[];
}

export class AirbyteSource {
  readonly #root: Part;
  readonly #options: Omit<StreamOptions, "hasState">;
  /** Streams of templates, once they were resolved. */
  #dynamic: readonly Part[] = [];

  /** @throws MillraceError connector-config-invalid, template-invalid, manifest-invalid */
  constructor({ manifest, config, surroundings, classes = {} }: SourceOptions) {
    const templates = new Templates(surroundings);
    const base: CompileContext = { templates, config, lines: manifest.lines, classes, stream: "", isParent: false };
    const context: CompileContext = { ...base, config: migratedConfig(new Part(manifest.root, base)) };
    this.#root = new Part(manifest.root, context);
    this.#options = {
      rules: upstreamRules(this.#root),
      jobsMax: Math.max(1, this.#root.integer("max_concurrent_async_job_count") ?? 1),
    };
  }

  /** Streams that the manifest lists, those with a condition only when it holds. */
  get streams(): readonly Part[] {
    const listed = this.#root.parts("streams").flatMap((one) => {
      if (one.type !== "ConditionalStreams") return [one];
      return one.condition("condition")?.(one.names()) === true ? one.parts("streams") : [];
    });
    return [...listed, ...this.#dynamic].map(named);
  }

  get hasDynamicStreams(): boolean {
    return this.#root.parts("dynamic_streams").length > 0;
  }

  /** Asks the upstream where streams come from templates. Idempotent. */
  async resolve(engine: EngineContext, signal: AbortSignal): Promise<void> {
    const found: Part[] = [];
    for (const dynamic of this.#root.parts("dynamic_streams"))
      for await (const stream of dynamicStreams(dynamic, { engine, ...this.#options, signal })) found.push(stream);
    this.#dynamic = found;
  }

  /** Names of streams that a check reads from. */
  get checkedStreams(): readonly string[] {
    const check = this.#root.part("check");
    if (check?.type === "CheckStream") {
      const names = check.path("stream_names");
      if (names.length > 0) return names;
    }
    const count = check?.integer("stream_count") ?? 1;
    return this.streams.slice(0, Math.max(1, count)).map((stream) => stream.string("name"));
  }

  /** @throws MillraceError manifest-unsupported and others, naming file and line */
  plan(name: string, { hasState }: { readonly hasState: boolean }): StreamPlan {
    return compileStream(this.stream(name), { ...this.#options, hasState });
  }

  /** @throws MillraceError manifest-invalid when there is no such stream */
  stream(name: string): Part {
    const found = this.streams.find((stream) => stream.string("name") === name);
    if (found !== undefined) return found;
    const known = this.streams.map((stream) => stream.string("name"));
    throw new MillraceError(
      "manifest-invalid",
      `${this.#root.context.lines.file}: there is no stream "${name}"; known are ${known.join(", ")}.`,
      {
        details: { stream: name },
      },
    );
  }

  /** Whether each stream can be read, before anything runs. */
  report(): readonly StreamReport[] {
    const checked = new Set(this.checkedStreams);
    return this.streams.map((stream) => {
      const name = stream.string("name");
      const idle = this.#withoutEffect(stream, checked.has(name));
      const told = { name, ...(idle.length === 0 ? {} : { withoutEffect: idle }) };
      try {
        compileStream(stream, { ...this.#options, hasState: false });
        return { ...told, supported: true };
      } catch (thrown) {
        if (!(thrown instanceof MillraceError)) throw thrown;
        return { ...told, supported: false, reason: thrown.message, code: thrown.code };
      }
    });
  }

  /** Fields that do nothing when this stream is read, each with file, line and reason. @throws MillraceError manifest-invalid when there is no such stream */
  withoutEffect(name: string): readonly string[] {
    return this.#withoutEffect(this.stream(name), false);
  }

  #withoutEffect(stream: Part, isChecked: boolean): readonly string[] {
    return [...withoutEffect(stream), ...withoutEffectOfSource(this.#root, stream.string("name"), isChecked)];
  }
}

/** Once for each read. */
export function tellWithoutEffect(source: AirbyteSource, stream: string, log: Logger): void {
  const fields = source.withoutEffect(stream);
  if (fields.length > 0) log.warn("fields of the manifest have no effect here", { stream, fields });
}

/** Messages of a stream's parts name it. */
function named(stream: Part): Part {
  const inner = new Part(stream.of, { ...stream.context, stream: stream.string("name") });
  return inner;
}

/** The spec of the config; `{}` when the manifest has none. */
export function connectionSpecification(root: Component): Component {
  const { spec } = root;
  const found = isComponent(spec) ? spec["connection_specification"] : undefined;
  return isComponent(found) ? found : {};
}
