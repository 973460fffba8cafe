// The thread behind page-server.ts.
import { readFile } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { pagePath } from "./pages.ts";

const { pages } = workerData as { readonly pages: string };
const server = createServer((request, response) => {
  const from = Number(new URL(request.url ?? "/", "http://pages").searchParams.get("cursor") ?? 0);
  readFile(pagePath(pages, from), (error, bytes) => {
    if (error !== null) response.writeHead(404).end();
    else response.writeHead(200, { "content-type": "application/json", "content-length": bytes.length }).end(bytes);
  });
});
server.listen(0, "127.0.0.1", () => parentPort?.postMessage((server.address() as AddressInfo).port));
