// Resolves references of a project: from the environment, then the project's .env file, then one file per secret in a folder.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { MillraceError, type EnvRef, type SecretRef, type Secrets, type SecretValue } from "@millrace/core";
import { fileError, systemCode } from "../files/file-errors.ts";
import { createKeptSecrets } from "./kept-secrets.ts";
import { SealedValue } from "./sealed-value.ts";

export interface SecretsOptions {
  /** Usually process.env. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The project's folder, which may hold `.env`. */
  readonly folder: string;
  /** One file per secret, named like it, as container platforms mount them. Defaults to `secrets` in the project's folder. */
  readonly secretsFolder?: string;
  /** Where secrets that upstreams issue are kept. Defaults to `.millrace/kept` in the project's folder. */
  readonly keptFolder?: string;
}

const namePattern = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

/** Files are read at each look-up, so a rotated secret is used without a restart. */
export function createSecrets(options: SecretsOptions): Secrets {
  const { env, folder, secretsFolder = join(folder, "secrets") } = options;
  const envFile = join(folder, ".env");
  const places = `the environment, ${envFile} and ${secretsFolder}`;

  const fromEnvironment = (name: string): string | undefined => env[name] ?? parseEnv(read(envFile) ?? "")[name];

  return {
    kept: createKeptSecrets(options.keptFolder ?? join(folder, ".millrace", "kept")),
    async resolve(ref: SecretRef): Promise<SecretValue> {
      const name = requireName(ref.$secret);
      const value = fromEnvironment(name) ?? withoutLineEnd(read(join(secretsFolder, name)));
      // An empty secret is an unset one: it would only fail later, far from here.
      if (value !== undefined && value !== "") return new SealedValue(value);
      throw missing(`Secret ${name} is not set; looked in ${places}.`, name);
    },
    setting(ref: EnvRef): string {
      const name = requireName(ref.$env);
      const value = fromEnvironment(name) ?? ref.fallback;
      if (value !== undefined) return value;
      throw missing(`Environment variable ${name} is not set; looked in the environment and ${envFile}.`, name);
    },
  };
}

function requireName(name: string): string {
  if (namePattern.test(name)) return name;
  throw missing(`"${name}" is not a name of a secret or variable: use letters, digits, _ . and -.`, name);
}

function missing(message: string, name: string): MillraceError {
  return new MillraceError("secret-missing", message, { details: { name } });
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (thrown) {
    const code = systemCode(thrown);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
    throw fileError(thrown, path);
  }
}

function withoutLineEnd(text: string | undefined): string | undefined {
  return text?.replace(/\r?\n$/, "");
}
