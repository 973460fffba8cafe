// A real HTTP server for tests, scripted per request.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface SeenRequest {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
  readonly headers: IncomingMessage["headers"];
  readonly atMs: number;
}

export interface ApiServer extends AsyncDisposable {
  readonly address: string;
  readonly seen: SeenRequest[];
}

type Handler = (request: SeenRequest, response: ServerResponse, index: number) => void;

/** Starts on a free port; closes with all its connections. */
export async function apiServer(handler: Handler): Promise<ApiServer> {
  const seen: SeenRequest[] = [];
  const server: Server = createServer((incoming, response) => {
    const atMs = performance.now();
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const request = {
        method: incoming.method ?? "",
        url: new URL(incoming.url ?? "/", "http://api"),
        body: Buffer.concat(chunks).toString("utf8"),
        headers: incoming.headers,
        atMs,
      };
      handler(request, response, seen.push(request) - 1);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function sendJson(response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
}

export function sendStatus(
  response: ServerResponse,
  status: number,
  headers: Record<string, string> = {},
  body = "",
): void {
  response.writeHead(status, headers).end(body);
}
