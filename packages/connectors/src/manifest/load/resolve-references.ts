// Puts in place of each reference (`"#/definitions/x"`, or `$ref` with further keys) what it points to. Keys beside a `$ref` win over its target's.
import { MillraceError, didYouMean } from "@millrace/core";
import { isComponent, type Component, type SourceLines } from "./source-lines.ts";

const partsMax = 1_000_000;
/** Of nested parts and of references that lead from one to the next, together. */
const depthMax = 400;

/** @throws MillraceError manifest-invalid for a reference to nothing, in a circle, nested too deeply, or an explosion of references */
export function resolveReferences(root: Component, lines: SourceLines): Component {
  return new Resolver(root, lines).part(root, new Set()) as Component;
}

interface Place {
  readonly holder: object;
  readonly key: string;
  readonly visited: Set<string>;
}

class Resolver {
  readonly #root: Component;
  readonly #lines: SourceLines;
  /** Targets that were resolved: what refers to one target shares it. */
  readonly #resolved = new Map<string, unknown>();
  #parts = 0;
  #depth = 0;

  constructor(root: Component, lines: SourceLines) {
    this.#root = root;
    this.#lines = lines;
  }

  part(node: unknown, visited: Set<string>): unknown {
    this.#parts += 1;
    if (this.#parts > partsMax)
      throw this.#fault(this.#lines.file, `its references unfold to more than ${partsMax} parts`);
    if (Array.isArray(node)) return this.#list(node as unknown[], visited);
    return isComponent(node) ? this.#component(node, visited) : node;
  }

  #list(list: readonly unknown[], visited: Set<string>): unknown[] {
    const copy = list.map((item, at) => this.#value(item, { holder: list, key: String(at), visited }));
    this.#lines.copied(copy, list);
    return copy;
  }

  #component(node: Component, visited: Set<string>): unknown {
    const own: Component = {};
    for (const [key, value] of Object.entries(node)) {
      if (key === "$ref") continue;
      // Values for the config are no components: text that looks like a reference stays text there.
      own[key] =
        key === "config_overrides" ? structuredClone(value) : this.#value(value, { holder: node, key, visited });
    }
    this.#lines.copied(own, node);
    const { $ref: reference } = node;
    if (reference === undefined) return own;
    const target = this.#value(reference, { holder: node, key: "$ref", visited });
    if (!isComponent(target)) return target;
    const joined = { ...target, ...own };
    this.#lines.copied(joined, node, target);
    return joined;
  }

  #value(value: unknown, at: Place): unknown {
    if (this.#depth >= depthMax)
      throw this.#fault(this.#lines.at(at.holder, at.key), `parts and references are nested deeper than ${depthMax}`);
    this.#depth += 1;
    const found = this.#resolve(value, at);
    this.#depth -= 1;
    return found;
  }

  #resolve(value: unknown, at: Place): unknown {
    if (typeof value !== "string" || !value.startsWith("#/")) return this.part(value, at.visited);
    if (this.#resolved.has(value)) return this.#resolved.get(value);
    const place = this.#lines.at(at.holder, at.key);
    if (at.visited.has(value)) throw this.#fault(place, `the reference "${value}" leads back to itself`);
    at.visited.add(value);
    const target = this.#value(this.#lookUp(value, place), { ...at, holder: this.#root });
    at.visited.delete(value);
    this.#resolved.set(value, target);
    return target;
  }

  /** A key with slashes in it is tried before its first part. */
  #lookUp(reference: string, place: string): unknown {
    let node: unknown = this.#root;
    let rest = reference.slice(2);
    while (rest !== "") {
      if (isComponent(node) && Object.hasOwn(node, rest)) return node[rest];
      const [head = ""] = rest.split("/", 1);
      const next = Array.isArray(node)
        ? (node as unknown[])[Number(head)]
        : isComponent(node) && Object.hasOwn(node, head)
          ? node[head]
          : undefined;
      if (next === undefined) {
        const known = isComponent(node) ? Object.keys(node) : [];
        throw this.#fault(
          place,
          `the reference "${reference}" points to nothing: there is no "${head}"${didYouMean(head, known)}`,
        );
      }
      node = next;
      rest = rest.slice(head.length + 1);
    }
    return node;
  }

  #fault(place: string, why: string): MillraceError {
    return new MillraceError("manifest-invalid", `${place}: ${why}.`, { details: { place } });
  }
}
