// Which model comes before which. Linear in models and references, and as deep as the graph is: it keeps its own stack.
import { MillraceError } from "@millrace/core";

export interface OrderedGraph {
  /** Inputs before what reads them; names sort where the order is free. */
  readonly order: readonly string[];
  readonly cycles: readonly { readonly members: readonly string[]; readonly error: MillraceError }[];
}

interface Open {
  readonly name: string;
  readonly inputs: readonly string[];
  next: number;
}

/** @param inputs of each model, by full name; names that are no models are ignored */
export function orderModels(inputs: ReadonlyMap<string, readonly string[]>): OrderedGraph {
  const order: string[] = [];
  const cycles: OrderedGraph["cycles"][number][] = [];
  const done = new Set<string>();
  // Where each open model stands on the path.
  const depth = new Map<string, number>();
  const path: Open[] = [];
  const enter = (name: string): void => {
    depth.set(name, path.length);
    path.push({ name, inputs: [...(inputs.get(name) ?? [])].filter((input) => inputs.has(input)).sort(), next: 0 });
  };
  for (const root of [...inputs.keys()].sort()) {
    if (!done.has(root)) enter(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const input = top.inputs[top.next];
      top.next += 1;
      if (input === undefined) {
        path.pop();
        depth.delete(top.name);
        done.add(top.name);
        order.push(top.name);
      } else if (depth.has(input)) cycles.push(cycle(path.slice(depth.get(input)).map((open) => open.name)));
      else if (!done.has(input)) enter(input);
    }
  }
  return { order, cycles };
}

function cycle(members: readonly string[]): OrderedGraph["cycles"][number] {
  const circle = [...members, members[0] ?? ""].join(" -> ");
  return {
    members,
    error: new MillraceError("model-cycle", `Models depend on each other in a circle: ${circle}.`, {
      details: { models: members },
    }),
  };
}
