// Reads a manifest's YAML as the reference's parser does (YAML 1.1: `yes` is true, `010` is 8), with the line of every part.
import { MillraceError } from "@millrace/core";
import { createRequire } from "node:module";
import type * as Yaml from "yaml";
import type { Alias, Document, LineCounter, Node, ScalarTag, Tags } from "yaml";
import { float } from "../template/python-values.ts";
import { SourceLines, type Component } from "./source-lines.ts";

/** Loaded when the first manifest is read: every load of a project runs what its channels import. */
let loaded: typeof Yaml | undefined;
const yaml = (): typeof Yaml => (loaded ??= createRequire(import.meta.url)("yaml") as typeof Yaml);

const bytesMax = 16 * 1024 * 1024;
const nodesMax = 2_000_000;
const depthMax = 200;

const booleans: ScalarTag = {
  identify: (value) => typeof value === "boolean",
  default: true,
  tag: "tag:yaml.org,2002:bool",
  test: /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
  resolve: (text) => /^(?:yes|true|on)$/i.test(text),
};

/** A float keeps its fraction: `1.0` is sent as `1.0`. */
const floats: ScalarTag = {
  identify: () => false,
  default: true,
  tag: "tag:yaml.org,2002:float",
  test: /^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?)$/,
  resolve: (text) => float(Number(text.replaceAll("_", ""))),
};

function tags(standard: Tags): Tags {
  const named = (tag: Tags[number]): string => (typeof tag === "string" ? tag : tag.tag);
  const other = standard.filter((tag) => !/:(?:bool|float|timestamp|binary|set|omap|pairs)$/.test(named(tag)));
  return [...other, booleans, floats];
}

export interface ParsedManifest {
  readonly root: Component;
  readonly lines: SourceLines;
}

/** @throws MillraceError manifest-invalid with the line of the fault */
export function parseManifest(text: string, file: string): ParsedManifest {
  if (text.length > bytesMax) throw invalid(file, `it is larger than ${bytesMax} bytes`);
  const { LineCounter: Counter, parseDocument } = yaml();
  const counter = new Counter();
  const document = parseDocument(text, {
    version: "1.1",
    schema: "yaml-1.1",
    customTags: tags,
    lineCounter: counter,
    uniqueKeys: false,
  });
  const [fault] = document.errors;
  if (fault !== undefined)
    throw invalid(`${file}:${fault.linePos?.[0].line ?? 1}`, fault.message.split("\n")[0] ?? "it is no YAML");
  const reader = new NodeReader(document, counter, new SourceLines(file));
  const root = reader.value(document.contents, 0);
  if (typeof root !== "object" || root === null || Array.isArray(root))
    throw invalid(file, "it holds no mapping; a manifest begins with keys such as version, check and streams");
  return { root: root as Component, lines: reader.lines };
}

function invalid(place: string, why: string): MillraceError {
  return new MillraceError("manifest-invalid", `${place}: the manifest cannot be read: ${why}.`, {
    details: { place },
  });
}

/** What each alias stands for: the last node before it with that anchor. */
function aliasTargets(document: Document): ReadonlyMap<Alias, Node> {
  const { isAlias, visit } = yaml();
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Node: (_key, node) => {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.set(node.anchor, node);
        return;
      }
      const target = anchors.get(node.source);
      if (target !== undefined) targets.set(node, target);
    },
  });
  return targets;
}

class NodeReader {
  readonly lines: SourceLines;
  readonly #targets: ReadonlyMap<Alias, Node>;
  readonly #counter: LineCounter;
  #nodes = 0;

  constructor(document: Document, counter: LineCounter, lines: SourceLines) {
    this.#targets = aliasTargets(document);
    this.#counter = counter;
    this.lines = lines;
  }

  value(node: unknown, depth: number): unknown {
    this.#nodes += 1;
    if (this.#nodes > nodesMax || depth > depthMax)
      throw invalid(
        this.lines.file,
        depth > depthMax ? `parts are nested deeper than ${depthMax}` : `it has more than ${nodesMax} parts`,
      );
    const { isAlias, isMap, isScalar, isSeq } = yaml();
    if (isAlias(node)) return this.value(this.#target(node), depth + 1);
    if (isSeq(node)) return this.#list(node.items, node, depth);
    if (isMap(node)) return this.#map(node.items, node, depth);
    return isScalar(node) ? (node.value ?? null) : null;
  }

  #target(alias: Alias): Node {
    const target = this.#targets.get(alias);
    if (target === undefined)
      throw invalid(`${this.lines.file}:${this.#line(alias)}`, `the alias *${alias.source} names nothing before it`);
    return target;
  }

  #line(node: unknown): number {
    const start = (node as Node | null)?.range?.[0];
    return start === undefined ? 1 : this.#counter.linePos(start).line;
  }

  #list(items: readonly unknown[], node: Node, depth: number): unknown[] {
    const list = items.map((item) => this.value(item, depth + 1));
    this.lines.set(list, this.#line(node), new Map(items.map((item, at) => [String(at), this.#line(item)])));
    return list;
  }

  #map(items: readonly unknown[], node: Node, depth: number): Component {
    const map: Component = {};
    const merged: Component = {};
    const keys = new Map<string, number>();
    for (const pair of items) {
      if (!yaml().isPair(pair)) continue;
      const key = this.#key(pair.key);
      const value = this.value(pair.value, depth + 1);
      if (key === "<<" && (Array.isArray(value) || typeof value === "object")) mergeInto(merged, value);
      else Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
      keys.set(key, this.#line(pair.key));
    }
    const whole = Object.keys(merged).length === 0 ? map : { ...merged, ...map };
    this.lines.set(whole, this.#line(node), keys);
    return whole;
  }

  #key(node: unknown): string {
    if (!yaml().isScalar(node)) return String(node);
    // A key such as `on` or `1` stays what is written: JSON objects have text keys.
    return node.source ?? String(node.value);
  }
}

/** `<<: *base`, or a list of such; earlier ones win. */
function mergeInto(target: Component, value: unknown): void {
  for (const source of Array.isArray(value) ? (value as unknown[]).toReversed() : [value])
    if (typeof source === "object" && source !== null) Object.assign(target, source);
}
