// The baseline of the event suite: a bare Fastify handler that parses the body, appends it to a file, syncs once per group of waiting requests,
// and answers 202. It checks nothing and loads nothing.
import { open, stat } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import Fastify from "fastify";
import { inputOf } from "../harness/measured-process.ts";
import { serveAsked } from "../harness/served-process.ts";

interface Waiting {
  readonly bytes: Buffer;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

const { folder } = inputOf<{ readonly folder: string }>();
const path = join(folder, "events.log");
const file = await open(path, "a");
const newline = Buffer.from("\n");
let waiting: Waiting[] = [];
let events = 0;
let writing = false;

async function writeGroups(): Promise<void> {
  writing = true;
  while (waiting.length > 0) {
    const group = waiting;
    waiting = [];
    try {
      await file.writev(group.flatMap(({ bytes }) => [bytes, newline]));
      await file.sync();
      for (const { done } of group) done();
    } catch (error) {
      for (const { failed } of group) failed(error);
    }
  }
  writing = false;
}

function append(bytes: Buffer): Promise<void> {
  return new Promise((done, failed) => {
    waiting.push({ bytes, done, failed });
    if (!writing) void writeGroups();
  });
}

const app = Fastify({ logger: false, bodyLimit: 16 * 1024 * 1024 });
app.removeAllContentTypeParsers();
app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, parsed) => {
  const parsedBody = JSON.parse(body.toString()) as unknown;
  parsed(null, { bytes: body, events: Array.isArray(parsedBody) ? parsedBody.length : 1 });
});
app.addContentTypeParser("application/x-ndjson", { parseAs: "buffer" }, (_request, body, parsed) => {
  const lines = body.toString().split("\n");
  let count = 0;
  for (const line of lines) {
    if (line === "") continue;
    JSON.parse(line);
    count += 1;
  }
  parsed(null, { bytes: body, events: count });
});
app.post<{ Body: { bytes: Buffer; events: number } }>("/ingest", async ({ body }, reply) => {
  await append(body.bytes);
  events += body.events;
  return reply.code(202).send({ received: body.events });
});
await app.listen({ host: "127.0.0.1", port: 0 });

serveAsked(
  { url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`, path: "/ingest", headers: {} },
  { stored: async () => ({ events, bytes: (await stat(path)).size }) },
  async () => {
    await app.close();
    await file.close();
  },
);
