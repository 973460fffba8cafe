// A real warehouse that fails where a test says so: conflicts, lack of memory, a disk that gives up.
import type { LoadRequest, Warehouse, WriteTransaction } from "@millrace/core";

export interface Faults {
  /** Called before each load of a transaction; throws to make it fail. */
  beforeLoad?: (request: LoadRequest) => void;
  /** Called after the work of a transaction and before its commit, which waits for it. */
  beforeCommit?: () => void | Promise<void>;
}

/** Passes everything on to `warehouse`. */
export function faulty(warehouse: Warehouse, faults: Faults): Warehouse {
  const watched = (tx: WriteTransaction): WriteTransaction =>
    forward(tx, {
      load: (request: LoadRequest) => {
        faults.beforeLoad?.(request);
        return tx.load(request);
      },
    });
  return forward(warehouse, {
    write: (tables, work, options) =>
      warehouse.write(
        tables,
        async (tx) => {
          const result = await work(watched(tx));
          await faults.beforeCommit?.();
          return result;
        },
        options,
      ),
  });
}

function forward<T extends object>(target: T, own: Partial<T>): T {
  return new Proxy(target, {
    get(_target, name) {
      const value: unknown = Reflect.get(name in own ? own : target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
