// Which model comes before which. Linear in models and references.
import { MillraceError } from "@millrace/core";

export interface OrderedGraph {
  /** Inputs before what reads them; names sort where the order is free. */
  readonly order: readonly string[];
  readonly cycles: readonly { readonly members: readonly string[]; readonly error: MillraceError }[];
}

/** @param inputs of each model, by full name; names that are no models are ignored */
export function orderModels(inputs: ReadonlyMap<string, readonly string[]>): OrderedGraph {
  const order: string[] = [];
  const state = new Map<string, "open" | "done">();
  const cycles: OrderedGraph["cycles"][number][] = [];
  const path: string[] = [];
  const visit = (name: string): void => {
    if (state.get(name) === "done") return;
    if (state.get(name) === "open") {
      cycles.push(cycle(path.slice(path.indexOf(name))));
      return;
    }
    state.set(name, "open");
    path.push(name);
    for (const input of [...(inputs.get(name) ?? [])].sort()) if (inputs.has(input)) visit(input);
    path.pop();
    state.set(name, "done");
    order.push(name);
  };
  for (const name of [...inputs.keys()].sort()) visit(name);
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
