// Public surface of @millrace/server: ingress and gateway of Millrace over HTTP.
export { createServer, type MillraceServer } from "./server.ts";
export { httpLimits, type Operations, type ServerParts } from "./server-parts.ts";
export type { ListenAddress, Listener } from "./http/listener.ts";
export { requireReadable } from "./admin/readable-statement.ts";
