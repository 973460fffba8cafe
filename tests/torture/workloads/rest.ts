// A REST API that gains records all the time: numbered pages and pages by cursor, a rate limit, and the faults of the real world.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { SeededRandom } from "@millrace/core/testing";
import { KeyTable } from "../truth/key-table.ts";
import { content, unitRows, type SentRow } from "../truth/rows.ts";
import { UnitTable } from "../truth/unit-table.ts";
import { PacedWorkload } from "./paced-workload.ts";

const domain = "feed";
const token = "torture-api-token";
const accountKeys = 200;
const cursorPage = 40;
/** Twice what the project allows itself: a process that starts anew has forgotten its last second. */
const limitPerSecond = 200;

const isGood = ({ amount }: SentRow): boolean => amount !== "-1.00";

export class RestWorkload extends PacedWorkload {
  readonly name = "rest";
  readonly models = [`${domain}.entry_totals`];
  readonly #server: Server;
  readonly #random: SeededRandom;
  readonly #entries = new UnitTable({
    domain,
    name: "entries",
    columns: ["id", "unit", "seq", "amount", "note"],
    whole: false,
    keepsBatches: true,
  });
  readonly #accounts = new KeyTable({
    domain,
    name: "accounts",
    columns: ["id", "version", "unit", "seq", "amount", "note"],
  });
  readonly tables = [this.#entries, this.#accounts];
  readonly #records: Record<"entries" | "accounts", SentRow[]> = { entries: [], accounts: [] };
  readonly #versions = new Map<string, number>();
  readonly #recentMs: number[] = [];
  #seq = 0;
  #serial = 0;

  private constructor(seed: number) {
    super();
    this.#random = new SeededRandom(seed * 31 + 3);
    this.#server = createServer((request, response) => this.#serve(request, response));
  }

  static async open(seed: number): Promise<RestWorkload> {
    const workload = new RestWorkload(seed);
    await new Promise<void>((resolve) => workload.#server.listen(0, "127.0.0.1", resolve));
    return workload;
  }

  get env(): Readonly<Record<string, string>> {
    const { port } = this.#server.address() as AddressInfo;
    return { TORTURE_API: `http://127.0.0.1:${port}`, TORTURE_TOKEN: token };
  }

  start(): void {
    this.pace.loop(
      async () => this.#grow(),
      () => 60 + this.#random.int(120),
    );
  }

  override async close(): Promise<void> {
    await super.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** What the upstream holds is acknowledged: it will not tell of it by itself again. */
  #grow(): void {
    this.#serial += 1;
    const unit = `entries-${this.#serial}`;
    const rows = unitRows({ unit, rows: 1 + this.#random.int(60), width: 30 }).map((row) => ({
      ...row,
      seq: this.#nextSeq(),
    }));
    this.#entries.begin(unit, () => rows, isGood);
    this.#entries.acknowledge(unit);
    this.#records.entries.push(...rows);
    const accounts = Array.from({ length: this.#random.int(12) }, (_, at) => this.#account(at));
    // The last one is read again with what comes behind it, so it is a good one: a bad one would be refused twice.
    if (accounts.length > 0) accounts.push(this.#account(0));
    this.#accounts.begin(accounts, isGood);
    this.#records.accounts.push(...accounts);
  }

  #account(at: number): SentRow {
    const unit = `accounts-${this.#serial}`;
    const seq = this.#nextSeq();
    if (at === 9) return { id: `${unit}:${at}`, version: 1, unit, seq, amount: "-1.00", note: "bad" };
    const id = `account-${this.#random.int(accountKeys)}`;
    const version = (this.#versions.get(id) ?? 0) + 1;
    this.#versions.set(id, version);
    return { id, version, unit, seq, ...content(`${id}/${version}`, 30) };
  }

  #nextSeq(): number {
    this.#seq += 1;
    return this.#seq;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    if (request.headers.authorization !== `Bearer ${token}`) return answer(response, 401, { error: "token expected" });
    if (this.#overLimit()) return answer(response, 429, { error: "slow down" }, { "retry-after": "1" });
    const url = new URL(request.url ?? "/", "http://upstream");
    if (this.#fault(response)) return;
    if (url.pathname === "/entries") return answer(response, 200, this.#numberedPage(url));
    if (url.pathname === "/accounts") return answer(response, 200, this.#cursorPage(url));
    answer(response, 404, { error: `nothing at ${url.pathname}` });
  }

  #overLimit(): boolean {
    const now = performance.now();
    while (this.#recentMs[0] !== undefined && now - this.#recentMs[0] >= 1000) this.#recentMs.shift();
    this.#recentMs.push(now);
    return this.#recentMs.length > limitPerSecond;
  }

  #fault(response: ServerResponse): boolean {
    const dice = this.#random.int(100);
    if (dice < 3) answer(response, 503, { error: "maintenance" });
    else if (dice < 4) answer(response, 429, { error: "slow down" }, { "retry-after": "0" });
    else if (dice < 6) {
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"data":[{"id":', () => response.destroy());
    } else return false;
    return true;
  }

  #numberedPage(url: URL): unknown {
    const size = Number(url.searchParams.get("size"));
    const from = (Number(url.searchParams.get("page")) - 1) * size;
    const since = Number(url.searchParams.get("since") ?? 0);
    return { data: this.#records.entries.filter(({ seq }) => Number(seq) > since).slice(from, from + size) };
  }

  #cursorPage(url: URL): unknown {
    const from = Number(url.searchParams.get("cursor") ?? 0);
    const since = Number(url.searchParams.get("since") ?? 0);
    const records = this.#records.accounts.filter(({ seq }) => Number(seq) >= since);
    const to = from + cursorPage;
    return { data: records.slice(from, to), next: to < records.length ? String(to) : null };
  }
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
