// Brings a connector's manifest into a project: read from a file or an address, proven to be one, written into `connectors/`.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { MillraceError, type HttpClient } from "@millrace/core";
import { loadManifest } from "@millrace/connectors";

const bytesMax = 16 * 1024 * 1024;
const timeoutMs = 60_000;

export interface AddManifest {
  /** Path or http(s) address. */
  readonly source: string;
  readonly projectFolder: string;
  readonly cwd: string;
  readonly name?: string;
  readonly http: HttpClient;
  readonly signal: AbortSignal;
}

export interface AddedManifest {
  /** Relative to the project. */
  readonly file: string;
  readonly streams: number;
  /** True when the same manifest was there already. */
  readonly unchanged: boolean;
}

/** Overwrites nothing that differs. @throws MillraceError manifest-invalid, folder-not-empty, upstream-* */
export async function addManifest({
  source,
  projectFolder,
  cwd,
  name,
  http,
  signal,
}: AddManifest): Promise<AddedManifest> {
  const text = /^https?:\/\//.test(source)
    ? await download(source, http, signal)
    : await readText(resolve(cwd, source));
  const { root } = loadManifest(text, source);
  const file = join(projectFolder, "connectors", `${fileName(name ?? source)}.yaml`);
  const shown = relative(projectFolder, file);
  const count = [root["streams"], root["dynamic_streams"]].reduce<number>(
    (sum, list) => sum + (Array.isArray(list) ? list.length : 0),
    0,
  );
  if (existsSync(file)) {
    if ((await readFile(file, "utf8")) === text) return { file: shown, streams: count, unchanged: true };
    throw new MillraceError("folder-not-empty", `${shown} holds another manifest.`, {
      hint: "Remove it, or choose another name with --name.",
    });
  }
  mkdirSync(join(projectFolder, "connectors"), { recursive: true });
  writeFileSync(file, text, { flag: "wx" });
  return { file: shown, streams: count, unchanged: false };
}

/** `source-crm` for `https://host/path/source-crm.yaml`, `.../source-crm/manifest.yaml` and `./crm.yaml`. */
function fileName(source: string): string {
  const path = source.split(/[?#]/)[0] ?? source;
  const own = basename(path).replace(/\.ya?ml$/i, "");
  const chosen = own === "manifest" ? basename(path.replace(/\/[^/]*$/, "")) : own;
  return chosen.replace(/[^A-Za-z0-9_-]+/g, "-").slice(0, 80) || "connector";
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (thrown) {
    throw new MillraceError(
      "manifest-invalid",
      `The manifest ${path} cannot be read: ${thrown instanceof Error ? thrown.message : String(thrown)}.`,
    );
  }
}

async function download(address: string, http: HttpClient, signal: AbortSignal): Promise<string> {
  const answer = await http.request({ method: "GET", url: address, headers: {}, timeoutMs, signal });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    size += chunk.byteLength;
    if (size > bytesMax)
      throw new MillraceError(
        "manifest-invalid",
        `${address} answers more than ${bytesMax} bytes; that is no manifest.`,
      );
    chunks.push(chunk);
  }
  if (answer.status !== 200)
    throw new MillraceError("manifest-invalid", `${address} answered ${answer.status} instead of a manifest.`);
  return Buffer.concat(chunks).toString("utf8");
}
