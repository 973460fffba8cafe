// The one admin token of a data folder: made once, kept in a file that only its owner can read, so that it survives restarts.
import { chmod, readFile, writeFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { MillraceError } from "@millrace/core";

export interface AdminToken {
  readonly value: string;
  /** The file that holds it; absent when MILLRACE_TOKEN gave it. */
  readonly file?: string;
}

const TOKEN_LENGTH_MIN = 16;

/**
 * The token from MILLRACE_TOKEN, else from `admin.token` of the data folder, which is created when it is not there.
 *
 * @throws MillraceError secret-missing when MILLRACE_TOKEN is too short to be safe
 */
export async function adminToken(dataFolder: string, env: NodeJS.ProcessEnv = process.env): Promise<AdminToken> {
  const given = env["MILLRACE_TOKEN"];
  if (given !== undefined && given !== "") return { value: strong(given) };
  const file = join(dataFolder, "admin.token");
  const kept = (await readFile(file, "utf8").catch(() => "")).trim();
  if (kept.length >= TOKEN_LENGTH_MIN) return { value: kept, file };
  const value = randomBytes(32).toString("base64url");
  await writeFile(file, `${value}\n`, { mode: 0o600 });
  // The mode above holds for new files only.
  await chmod(file, 0o600);
  return { value, file };
}

function strong(token: string): string {
  if (token.length >= TOKEN_LENGTH_MIN) return token;
  throw new MillraceError("secret-missing", `MILLRACE_TOKEN has fewer than ${TOKEN_LENGTH_MIN} characters.`, {
    hint: "Set a longer one, e.g. from: openssl rand -base64 32; or unset it, and one is made.",
  });
}
