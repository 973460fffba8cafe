// One door of the server: a TCP port or a Unix socket. Both lead to the same routes.
import { createServer, type RequestListener, type Server } from "node:http";
import { chmod, unlink } from "node:fs/promises";
import { connect, type AddressInfo } from "node:net";
import { MillraceError, type Clock } from "@millrace/core";
import { httpLimits } from "../server-parts.ts";

/** Where to listen. Port 0 takes a free one. */
export type ListenAddress =
  | { readonly host: string; readonly port: number }
  /** Path of a Unix socket; only the owner of the process may connect. */
  | { readonly socket: string };

export interface Listener {
  /** `http://127.0.0.1:4300`, or the socket's path. */
  readonly address: string;
  readonly port: number | undefined;
  /** Refuses new connections, lets requests in flight finish until the deadline, then cuts. */
  close(drainMs: number): Promise<void>;
}

const sweepMs = 25;

/** @throws MillraceError port-in-use, listen-failed */
export async function openListener(handler: RequestListener, at: ListenAddress, clock: Clock): Promise<Listener> {
  const { headersTimeoutMs, keepAliveMs, headerBytesMax } = httpLimits;
  const server = createServer(
    {
      // How long a body may take differs by route: server.ts watches it.
      requestTimeout: 0,
      headersTimeout: headersTimeoutMs,
      keepAliveTimeout: keepAliveMs,
      maxHeaderSize: headerBytesMax,
      noDelay: true,
    },
    handler,
  );
  server.maxConnections = httpLimits.connectionsMax;
  server.setTimeout(httpLimits.stalledMs);
  if ("socket" in at) await removeStaleSocket(at.socket);
  await listen(server, at);
  if ("socket" in at) await chmod(at.socket, 0o600);
  return {
    address: addressOf(server, at),
    port: "socket" in at ? undefined : (server.address() as AddressInfo).port,
    close: (drainMs) => drain(server, drainMs, clock),
  };
}

function listen(server: Server, at: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(explain(error, at)));
    server.once("listening", resolve);
    if ("socket" in at) server.listen({ path: at.socket });
    else server.listen({ host: at.host, port: at.port });
  });
}

function explain(error: Error & { code?: string }, at: ListenAddress): MillraceError {
  const name = "socket" in at ? at.socket : `${at.host}:${at.port}`;
  if (error.code === "EADDRINUSE")
    return new MillraceError("port-in-use", `${name} is taken by another process.`, { cause: error });
  return new MillraceError("listen-failed", `Cannot listen on ${name}: ${error.code ?? error.message}.`, {
    cause: error,
  });
}

function addressOf(server: Server, at: ListenAddress): string {
  if ("socket" in at) return at.socket;
  const { port } = server.address() as AddressInfo;
  return `http://${at.host.includes(":") ? `[${at.host}]` : at.host}:${port}`;
}

/** A socket file that nobody answers on was left by a process that was killed. */
async function removeStaleSocket(path: string): Promise<void> {
  const answered = await new Promise<boolean>((resolve) => {
    const probe = connect({ path });
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", () => resolve(false));
  });
  if (answered) throw new MillraceError("port-in-use", `${path} is taken by another process.`);
  await unlink(path).catch((error: { code?: string }) => {
    if (error.code !== "ENOENT")
      throw new MillraceError("listen-failed", `Cannot listen on ${path}: ${error.code ?? "unknown"}.`, {
        cause: error,
      });
  });
}

async function drain(server: Server, drainMs: number, clock: Clock): Promise<void> {
  let open = true;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // A connection becomes idle when its request in flight is answered; it would be kept alive then.
  const sweep = (): void => {
    if (!open) return;
    server.closeIdleConnections();
    clock.after(sweepMs, sweep);
  };
  sweep();
  const cancel = clock.after(drainMs, () => server.closeAllConnections());
  await closed;
  open = false;
  cancel();
}
