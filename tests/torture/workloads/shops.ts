// An API of shops and their orders behind rotating tokens: a parent, partitions, windows of time, pages by cursor, and a log of what was fetched.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { SeededRandom } from "@millrace/core/testing";
import type { Finding } from "../truth/finding.ts";
import { KeyTable } from "../truth/key-table.ts";
import { content, type SentRow } from "../truth/rows.ts";
import { PacedWorkload } from "./paced-workload.ts";
import { RequestLog, type FetchCounts } from "./request-log.ts";
import { RotatingTokens } from "./rotating-tokens.ts";

const domain = "shops";
const firstRefresh = "refresh-0";
const shopsMax = 5;
const ordersPage = 7;

export class ShopsWorkload extends PacedWorkload {
  readonly name = "rest";
  readonly models = [];
  readonly #server: Server;
  readonly #random: SeededRandom;
  readonly #tokens = new RotatingTokens(firstRefresh);
  readonly #log = new RequestLog();
  readonly #startedMs = Date.now();
  readonly #shops = Array.from({ length: shopsMax }, (_, at) => ({ id: `shop-${at}` }));
  readonly #orders = new Map<string, SentRow[]>(this.#shops.map(({ id }) => [id, []]));
  readonly #table = new KeyTable({
    domain,
    name: "orders",
    columns: ["id", "version", "shop", "made_at", "amount", "note"],
  });
  readonly tables = [this.#table];
  #serial = 0;
  #newestMs = 0;

  private constructor(seed: number) {
    super();
    this.#random = new SeededRandom(seed * 31 + 7);
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static async open(seed: number): Promise<ShopsWorkload> {
    const workload = new ShopsWorkload(seed);
    await new Promise<void>((resolve) => workload.#server.listen(0, "127.0.0.1", resolve));
    return workload;
  }

  get env(): Readonly<Record<string, string>> {
    const { port } = this.#server.address() as AddressInfo;
    const address = `http://127.0.0.1:${port}`;
    return {
      TORTURE_SHOPS: address,
      TORTURE_SHOPS_TOKEN_URL: `${address}/token`,
      TORTURE_SHOPS_START: new Date(this.#startedMs).toISOString(),
      TORTURE_REFRESH: firstRefresh,
    };
  }

  get fetches(): FetchCounts {
    return this.#log.counts;
  }

  get rotations(): number {
    return this.#tokens.rotations;
  }

  start(): void {
    this.pace.loop(
      async () => this.#grow(),
      () => 40 + this.#random.int(80),
    );
  }

  override died(death: { readonly powerCut: boolean; readonly takeOver: boolean }): void {
    this.#log.died(death);
  }

  override findings(): readonly Finding[] {
    return [...this.#tokens.findings(), ...this.#log.findings()];
  }

  override async close(): Promise<void> {
    await super.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Each order has a millisecond of its own, so that the record at a window's bound is one. */
  #grow(): void {
    const { id: shop } = this.#shops[this.#random.int(shopsMax)] ?? { id: "" };
    const orders = Array.from({ length: 1 + this.#random.int(9) }, (): SentRow => {
      this.#serial += 1;
      this.#newestMs = Math.max(this.#newestMs + 1, Date.now());
      const id = `order-${this.#serial}`;
      return { id, version: 1, shop, made_at: this.#newestMs, ...content(id, 30) };
    });
    this.#table.begin(orders, () => true);
    this.#orders.get(shop)?.push(...orders);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://upstream");
    if (url.pathname === "/token") {
      const issued = this.#tokens.renew(new URLSearchParams(await text(request)).get("refresh_token"));
      return issued === undefined ? answer(response, 400, { error: "invalid_grant" }) : answer(response, 200, issued);
    }
    if (!this.#tokens.accepts(request.headers.authorization)) return answer(response, 401, { error: "token expected" });
    const dice = this.#random.int(100);
    if (dice < 3) return answer(response, 503, { error: "maintenance" });
    const [, , shop] = url.pathname.split("/");
    if (shop !== undefined) return this.#ordersOf(shop, url, response);
    const from = Number(url.searchParams.get("offset") ?? 0);
    answer(response, 200, { data: this.#shops.slice(from, from + 2) });
  }

  #ordersOf(shop: string, url: URL, response: ServerResponse): void {
    const [from, to] = ["from", "to"].map((name) => Number(url.searchParams.get(name))) as [number, number];
    const found = (this.#orders.get(shop) ?? []).filter(({ made_at: at }) => Number(at) >= from && Number(at) <= to);
    const start = Number(url.searchParams.get("cursor") ?? 0);
    const end = start + ordersPage;
    const data = found.slice(start, end);
    // The record at the lower bound was read before: an upstream gives what is not older.
    const news = data.filter(({ made_at: at }) => Number(at) > from).map(({ id }) => String(id));
    response.once("finish", () => this.#log.gave(news));
    answer(response, 200, { data, next: end < found.length ? String(end) : null });
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
