// The thread behind page-server.ts.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { pageOf } from "./pages.ts";

const { rows } = workerData as { readonly rows: number };
const server = createServer((request, response) => {
  const from = Number(new URL(request.url ?? "/", "http://pages").searchParams.get("cursor") ?? 0);
  response.writeHead(200, { "content-type": "application/json" }).end(pageOf(from, rows));
});
server.listen(0, "127.0.0.1", () => parentPort?.postMessage((server.address() as AddressInfo).port));
