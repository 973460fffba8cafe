// The suppliers' REST API: bearer token, pages, a rate limit, and the faults of the real world (server errors, 429, dropped connections).
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Chance } from "./chance.ts";
import type { UpstreamRecord, World } from "./shape.ts";

const limitPerSecond = 100;
const pageDefault = 500;

export interface Upstream {
  readonly url: string;
  readonly token: string;
  /** Lets the flash sales and the first `salesShare` of the sales appear. */
  release(salesShare: number): void;
  readonly stats: { requests: number; faults: number; overLimit: number };
  close(): Promise<void>;
}

export async function startUpstream(world: World): Promise<Upstream> {
  const token = `retail-${world.seed}-token`;
  const chance = new Chance(world.seed * 10 + 6);
  const stats = { requests: 0, faults: 0, overLimit: 0 };
  const recent: number[] = [];
  let released = 0;
  const server = createServer((request, response) => {
    stats.requests += 1;
    if (exceeds(recent)) {
      stats.overLimit += 1;
      return answer(response, 429, { error: "slow down" }, { "retry-after": "1" });
    }
    if (request.headers.authorization !== `Bearer ${token}`) return answer(response, 401, { error: "token expected" });
    if (fault(chance, stats.faults, request, response)) return void (stats.faults += 1);
    const url = new URL(request.url ?? "/", "http://upstream");
    if (url.pathname === "/flash-sales") return answer(response, 200, page(released > 0 ? world.flashPages : [], url));
    if (url.pathname === "/sales")
      return answer(
        response,
        200,
        page(since(world.sales.slice(0, Math.floor(world.sales.length * released)), url), url),
      );
    return answer(response, 404, { error: `nothing at ${url.pathname}` });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    release: (share) => void (released = share),
    stats,
    close: () => close(server),
  };
}

/** True when this request is more than the limit within any one second. */
function exceeds(recent: number[]): boolean {
  const now = performance.now();
  while (recent[0] !== undefined && now - recent[0] >= 1000) recent.shift();
  if (recent.length >= limitPerSecond) return true;
  recent.push(now);
  return false;
}

/** Every kind of fault comes in turn, so that each run meets each of them several times. */
const faults: readonly ((request: IncomingMessage, response: ServerResponse) => void)[] = [
  (_request, response) => answer(response, 503, { error: "maintenance" }),
  (request) => void request.socket.destroy(),
  (_request, response) => answer(response, 429, { error: "slow down" }, { "retry-after": "0" }),
  (_request, response) => {
    // The connection breaks in the middle of a page.
    response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
    response.write('{"data": [{"sale_id": "S', () => response.destroy());
  },
];
/** About one request in so many is answered with a fault. */
const requestsPerFault = 20;

function fault(chance: Chance, at: number, request: IncomingMessage, response: ServerResponse): boolean {
  if (chance.next() * requestsPerFault >= 1) return false;
  faults[at % faults.length]?.(request, response);
  return true;
}

/** The API filters by a change later than the given one. */
function since(records: readonly UpstreamRecord[], url: URL): readonly UpstreamRecord[] {
  const after = url.searchParams.get("updated_after");
  return after === null ? records : records.filter((record) => String(record["updated_at"]) > after);
}

function page(records: readonly UpstreamRecord[], url: URL): { data: readonly UpstreamRecord[]; next: string | null } {
  const size = Number(url.searchParams.get("limit") ?? pageDefault);
  const from = Number(url.searchParams.get("cursor") ?? 0);
  const data = records.slice(from, from + size);
  return { data, next: from + size < records.length ? String(from + size) : null };
}

function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
