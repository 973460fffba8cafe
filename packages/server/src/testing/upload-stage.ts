// A served stage with uploads channels, and a client that sends files to it through a real socket, for tests.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contract, t } from "@millrace/core";
import { blobColumns, uploads } from "@millrace/connectors";
import { openStage, stageToken, type ServedStage, type StageChannel } from "./served-stage.ts";

const Receipt = contract("receipts", {
  ...blobColumns(),
  order_id: t.string().pattern("^o-[0-9]+$"),
  note: t.string().optional(),
});
const Kept = contract("kept", { ...blobColumns() });
const Line = contract("lines", { sku: t.string().key(), qty: t.int32().min(1) });

const bounds = { fileBytesMax: 300_000, stall: "250ms", timeout: "1500ms" } as const;
const types = ["application/pdf", "image/*", "text/csv"];

const channels: readonly StageChannel[] = [
  { name: "receipts_in", declared: uploads({ into: Receipt, types, filesMax: 3, ...bounds }) },
  { name: "kept_in", declared: uploads({ into: Kept, types: ["image/png"], refused: "keep" }) },
  { name: "lines_in", declared: uploads({ into: Line, as: "rows", unpackedBytesMax: 100_000, ...bounds }) },
];

export const auth = { authorization: `Bearer ${stageToken}` };
export const pdf = (size = 2000): Buffer => Buffer.concat([Buffer.from("%PDF-1.7\n"), randomBytes(size)]);
export const png = Buffer.concat([Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"), Buffer.alloc(40)]);
export interface FileAnswer {
  readonly name: string;
  readonly state: string;
  readonly blob?: { readonly id: string; readonly type: string; readonly bytes: number; readonly sha256: string };
  readonly batches?: readonly { readonly accepted: number; readonly quarantined: number; readonly batch: number }[];
  readonly error?: { readonly code: string };
}

export interface Uploaded {
  readonly status: number;
  readonly code: string | undefined;
  readonly files: readonly FileAnswer[];
  readonly text: string;
}

export type SentFile = readonly [name: string, content: Uint8Array, type: string];
type Headers = Readonly<Record<string, string>>;

export class UploadStage {
  readonly folder = mkdtempSync(join(tmpdir(), "millrace-uploads-"));
  #stage: ServedStage | undefined;
  #origin = "";

  get stage(): ServedStage {
    if (this.#stage === undefined) throw new Error("The stage is not open.");
    return this.#stage;
  }

  /** `http://127.0.0.1:<port>` */
  get origin(): string {
    return this.#origin;
  }

  async open(): Promise<void> {
    this.#stage = await openStage({ folder: this.folder, channels });
    this.#origin = (await this.#stage.server.listen({ host: "127.0.0.1", port: 0 })).address;
  }

  async close(): Promise<void> {
    await this.stage.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async put(path: string, content: Uint8Array | string, headers: Headers = {}): Promise<Uploaded> {
    const body = new Uint8Array(Buffer.from(content));
    return this.send(path, { method: "PUT", headers: { ...auth, ...headers }, body });
  }

  async post(channel: string, form: FormData, headers: Headers = {}): Promise<Uploaded> {
    return this.send(channel, { method: "POST", headers: { ...auth, ...headers }, body: form });
  }

  async send(path: string, request: RequestInit): Promise<Uploaded> {
    const answer = await fetch(`${this.#origin}/upload/${path}`, request);
    return uploaded(answer.status, await answer.text());
  }

  /** A request written by hand: begins, and then drips, leaves or waits. */
  byHand(
    line: string,
    { headers = {}, body }: { readonly headers?: Headers; readonly body: string },
    { dripMs, leaveMs }: { readonly dripMs?: number; readonly leaveMs?: number } = {},
  ): Promise<Uploaded> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: "127.0.0.1", port: Number(new URL(this.#origin).port) });
      const all = Object.entries({ host: "x", ...auth, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`${line} HTTP/1.1\r\n${all.join("")}\r\n${body}`);
      const drip = dripMs === undefined ? undefined : setInterval(() => socket.write("x"), dripMs);
      if (leaveMs !== undefined) setTimeout(() => socket.destroy(), leaveMs);
      let text = "";
      socket.on("data", (chunk) => (text += chunk.toString("utf8")));
      socket.on("error", leaveMs === undefined && dripMs === undefined ? reject : () => undefined);
      socket.on("close", () => {
        clearInterval(drip);
        resolve(uploaded(Number(text.slice(9, 12)), text.slice(text.indexOf("{")) || "{}"));
      });
    });
  }

  /** Names of the objects below a folder of the object store, sorted. */
  async objects(prefix: string): Promise<readonly string[]> {
    const path = join(this.folder, "objects", prefix);
    const found = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
    const files = found.filter((entry) => entry.isFile()).map((entry) => entry.name);
    return files.sort((a, b) => (a < b ? -1 : 1));
  }

  async query(sql: string, params: readonly string[] = []): Promise<readonly (readonly unknown[])[]> {
    return (await this.stage.platform.warehouse.query(sql, params)).rows;
  }
}

function uploaded(status: number, text: string): Uploaded {
  const json = JSON.parse(text) as { code?: string; files?: readonly FileAnswer[] };
  return { status, code: json.code, files: json.files ?? [], text };
}

export function formOf(files: readonly SentFile[], fields: Headers = {}): FormData {
  const data = new FormData();
  for (const [name, content, type] of files) data.append("file", new Blob([new Uint8Array(content)], { type }), name);
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  return data;
}
