// The baselines of the serve suite: a bare Fastify route that runs the prepared query of the same page, and one that answers a constant.
import { join } from "node:path";
import {
  DuckDBInstance,
  type DuckDBPreparedStatement,
  type DuckDBTimestampTZValue,
  type DuckDBValue,
} from "@duckdb/node-api";
import type { AddressInfo } from "node:net";
import Fastify from "fastify";
import { inputOf } from "../harness/measured-process.ts";
import { serveAsked } from "../harness/served-process.ts";

export interface BareInput {
  readonly folder: string;
  /** Parquet files of the table. */
  readonly files: string;
  readonly threads: number;
}

const { folder, files, threads } = inputOf<BareInput>();
/** As many as Millrace reads with. */
const readers = 8;
const instance = await DuckDBInstance.create(join(folder, "bare.duckdb"), {
  threads: String(threads),
  storage_compatibility_version: "latest",
});
const first = await instance.connect();
await first.run("SET GLOBAL TimeZone = 'UTC'");
await first.run(`CREATE TABLE appended AS SELECT * FROM read_parquet('${files}/*.parquet') ORDER BY event_id`);
await first.run("CHECKPOINT");

const idle: DuckDBPreparedStatement[] = [];
const waiting: ((statement: DuckDBPreparedStatement) => void)[] = [];
for (let at = 0; at < readers; at += 1) {
  const connection = await instance.connect();
  idle.push(
    await connection.prepare(
      `SELECT event_id, device, kind, amount, happened_at, note FROM appended
        WHERE kind = $1 AND event_id >= $2 AND event_id < $3 ORDER BY event_id LIMIT 100`,
    ),
  );
}

async function take(): Promise<DuckDBPreparedStatement> {
  return idle.pop() ?? new Promise((resolve) => waiting.push(resolve));
}

function give(statement: DuckDBPreparedStatement): void {
  const next = waiting.shift();
  if (next === undefined) idle.push(statement);
  else next(statement);
}

/** The values as Millrace writes them: every digit of a decimal, instants in ISO form. */
function printRow([id, device, kind, amount, happened, note]: readonly DuckDBValue[]): string {
  const instant = new Date(Number((happened as DuckDBTimestampTZValue).micros / 1000n)).toISOString();
  return `{"event_id":${String(id)},"device":${JSON.stringify(device)},"kind":${JSON.stringify(kind)},"amount":${String(amount)},"happened_at":"${instant.replace(".000Z", "Z")}","note":${JSON.stringify(note)}}`;
}

async function page(kind: string, from: string, to: string): Promise<string> {
  const statement = await take();
  try {
    statement.bindVarchar(1, kind);
    statement.bindBigInt(2, BigInt(from));
    statement.bindBigInt(3, BigInt(to));
    const result = await statement.run();
    return `[${(await result.getRows()).map(printRow).join(",")}]`;
  } finally {
    give(statement);
  }
}

let constant = "";
const app = Fastify({ logger: false });
app.get<{ Querystring: { kind: string; from: string; to: string } }>("/page", async ({ query }, reply) =>
  reply.header("content-type", "application/json; charset=utf-8").send(await page(query.kind, query.from, query.to)),
);
app.get("/constant", async (_request, reply) =>
  reply.header("content-type", "application/json; charset=utf-8").send(constant),
);
await app.listen({ host: "127.0.0.1", port: 0 });

serveAsked(
  { url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}` },
  {
    constant: (body: string) => {
      constant = body;
    },
  },
  async () => {
    await app.close();
    instance.closeSync();
  },
);
