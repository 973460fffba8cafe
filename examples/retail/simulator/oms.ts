// The order management system that wants to know what is in stock: takes lists of rows, answers with the faults of the real world, and sometimes
// takes a list without being able to say so. It remembers idempotency keys, as receivers do.
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Chance } from "./chance.ts";

export interface Oms {
  readonly url: string;
  /** Pieces by `warehouse/sku`. */
  readonly stock: ReadonlyMap<string, number>;
  readonly stats: { requests: number; faults: number; repeated: number };
  close(): Promise<void>;
}

interface StockRow {
  readonly warehouse: string;
  readonly sku: string;
  readonly pieces: string | number;
}

export interface OmsOptions {
  readonly seed: number;
  readonly token: string;
  /** What it has taken before, as after a restart. */
  readonly stock?: readonly (readonly [string, number])[];
}

export async function startOms({ seed, token, stock: before = [] }: OmsOptions): Promise<Oms> {
  const chance = new Chance(seed * 10 + 7);
  const stock = new Map<string, number>(before);
  const keys = new Set<string>();
  const stats = { requests: 0, faults: 0, repeated: 0 };
  const take = (key: string, body: string): void => {
    if (keys.has(key)) stats.repeated += 1;
    else
      for (const { warehouse, sku, pieces } of (JSON.parse(body) as { stock: StockRow[] }).stock)
        stock.set(`${warehouse}/${sku}`, Number(pieces));
    keys.add(key);
  };
  const server = createServer((request, response) => {
    stats.requests += 1;
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.headers.authorization !== `Bearer ${token}`) return answer(response, 401, {});
      if (request.method === "GET") return answer(response, 200, { count: stock.size });
      const fault = faultOf(chance, stats);
      if (fault === "refuse") return answer(response, 503, { error: "maintenance" });
      take(String(request.headers["idempotency-key"]), Buffer.concat(chunks).toString("utf8"));
      // Taken, and the answer is lost.
      if (fault === "lose") return void request.socket.destroy();
      return answer(response, 200, { taken: true });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stock,
    stats,
    close: () => close(server),
  };
}

/** About one request in ten meets one of two faults, in turn; the first one always does. */
function faultOf(chance: Chance, stats: Oms["stats"]): "refuse" | "lose" | undefined {
  if (stats.faults > 1 && chance.next() * 10 >= 1) return undefined;
  stats.faults += 1;
  return stats.faults % 2 === 0 ? "refuse" : "lose";
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
