// A receiver of deliveries for tests: a real HTTP server that keeps what it took, and answers as the test says.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** Idempotency-Key. */
  readonly id: string;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Never answers. */
  readonly silent?: boolean;
}

export class Receiver implements AsyncDisposable {
  readonly #server: Server;
  /** Every request, in order. */
  readonly seen: Received[] = [];
  /** Bodies that were acknowledged, by path: what a receiver with upserts holds. */
  readonly held = new Map<string, string>();
  answer: (request: Received, index: number) => Answer = () => ({ status: 200 });

  constructor() {
    this.#server = createServer((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        const { method = "", url = "", headers } = incoming;
        const body = Buffer.concat(chunks).toString("utf8");
        const request = { method, path: url, headers, body, id: String(headers["idempotency-key"]) };
        const answer = this.answer(request, this.seen.push(request) - 1);
        if (answer.silent === true) return;
        if (answer.status < 300) this.#take(request);
        response.writeHead(answer.status, answer.headers).end(answer.body);
      });
    });
  }

  static async open(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, "127.0.0.1", resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Idempotency keys of all requests. */
  get ids(): readonly string[] {
    return this.seen.map(({ id }) => id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take({ method, path, body }: Received): void {
    if (method === "DELETE") this.held.delete(path);
    else this.held.set(path, body);
  }
}
