// Places that are not a folder of this machine, as authors declare them: `http()` and `sftp()`.
import type { SecretRef } from "@millrace/core";
import { duration, integer, record, secretOnly, setting, settingOrSecret } from "../../authoring/option-checks.ts";
import { optional, required, type OptionCheck, type OptionField } from "../../authoring/option-fields.ts";
import { findProblem } from "../../authoring/option-fields.ts";
import { show } from "../../authoring/option-checks.ts";
import { isEnvRef, type Setting } from "../../authoring/references.ts";
import { authenticationCheck } from "../../rest/authentication.ts";
import type { Authentication } from "../../rest/rest-config.ts";

export interface HttpPlaceOptions {
  /** Addresses of files. Either these or `index`. */
  readonly urls?: readonly Setting[];
  /** Address of a page that links to files, or of a document that lists them (JSON, or an address per line). */
  readonly index?: Setting;
  /** Default: none. */
  readonly auth?: Authentication;
  readonly headers?: Readonly<Record<string, Setting | SecretRef>>;
  /** For one request; a download that is cut off goes on where it stopped. Default: `5m`. */
  readonly timeout?: string;
  /** Larger files are refused. Default: 10 GiB. */
  readonly bytesMax?: number;
}

export interface SftpPlaceOptions {
  readonly host: Setting;
  /** Default: 22. */
  readonly port?: number;
  readonly username: Setting | SecretRef;
  /** Either this or `key`, or both where the server wants both. */
  readonly password?: SecretRef;
  /** Private key: OpenSSH, PEM or PPK. */
  readonly key?: SecretRef;
  readonly passphrase?: SecretRef;
  /** Fingerprint of the server's key as OpenSSH shows it: `SHA256:...`. Another key is refused. Several while a server changes its key. */
  readonly hostKey: Setting | readonly Setting[];
  /** Folder on the server that the pattern starts from. Default: the login's own. */
  readonly folder?: Setting;
  /** For one step, such as a listing; a download that is cut off goes on where it stopped. Default: `1m`. */
  readonly timeout?: string;
  /** Larger files are refused. Default: 10 GiB. */
  readonly bytesMax?: number;
}

/** Where a channel's files stand when it is no folder of this machine. */
export type PlaceConfig =
  ({ readonly kind: "http" } & HttpPlaceOptions) | ({ readonly kind: "sftp" } & SftpPlaceOptions);

export const defaultBytesMax = 10 * 1024 ** 3;

const bytes = integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const bytesField = optional("bytesMax", "number", bytes, "larger files are refused", { default: "10 GiB" });

const settings: OptionCheck = (value, path) => {
  if (!Array.isArray(value) || value.length === 0) return `"${path}" is a list of addresses; received ${show(value)}`;
  return value.map((item, at) => setting(item, `${path}[${at}]`)).find((problem) => problem !== undefined);
};

const fingerprint: OptionCheck = (value, path) => {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const fits = (item: unknown): boolean =>
    isEnvRef(item) || (typeof item === "string" && /^SHA256:[A-Za-z0-9+/]{43}=?$/.test(item));
  if (list.length > 0 && list.every(fits)) return undefined;
  return `"${path}" is the fingerprint of the server's key, as \`ssh-keygen -lf\` shows it ("SHA256:" and 43 characters); received ${show(value)}`;
};

export const httpPlaceFields: readonly OptionField[] = [
  optional("urls", "string[]", settings, "addresses of files"),
  optional("index", "string | env()", setting, "address of a page or document that lists files"),
  optional("auth", "bearer() | ...", authenticationCheck, "how requests are proven, as for rest()"),
  optional("headers", "object", record(settingOrSecret), "headers of every request"),
  optional("timeout", "duration", duration, "for one request; a download goes on where it was cut off", {
    default: '"5m"',
  }),
  bytesField,
];

export const sftpPlaceFields: readonly OptionField[] = [
  required("host", "string | env()", setting, "name or address of the server"),
  optional("port", "number", integer({ min: 1, max: 65_535 }), "port of the server", { default: "22" }),
  required("username", "string | env() | secret()", settingOrSecret, "user of the login"),
  optional("password", "secret()", secretOnly, "password of the login"),
  optional("key", "secret()", secretOnly, "private key of the login"),
  optional("passphrase", "secret()", secretOnly, "passphrase of the key"),
  required("hostKey", "string | string[] | env()", fingerprint, "fingerprint of the server's key, `SHA256:...`"),
  optional("folder", "string | env()", setting, "folder that the pattern starts from", { default: "the login's own" }),
  optional("timeout", "duration", duration, "for one step", { default: '"1m"' }),
  bytesField,
];

export const placeCheck: OptionCheck = (value, path) => {
  const kind = typeof value === "object" && value !== null ? (value as { kind?: unknown }).kind : undefined;
  if (kind !== "http" && kind !== "sftp") return `"${path}" is made with http({...}) or sftp({...})`;
  const { kind: _, ...rest } = value as PlaceConfig;
  const problem = findProblem(rest, kind === "http" ? httpPlaceFields : sftpPlaceFields, path);
  return problem ?? ambiguity(value as PlaceConfig, path);
};

function ambiguity(place: PlaceConfig, path: string): string | undefined {
  if (place.kind === "sftp")
    return place.password === undefined && place.key === undefined
      ? `"${path}": sftp() needs "password" or "key"`
      : undefined;
  if ((place.urls === undefined) === (place.index === undefined))
    return `"${path}": http() has either "urls" or "index"`;
  const plain = (place.urls ?? []).filter((url) => typeof url === "string");
  const origins = new Set(plain.map((url) => URL.parse(url)?.origin));
  if (origins.has(undefined)) return `"${path}.urls" are whole addresses, as "https://host/file.csv"`;
  if (origins.size > 1 && (place.auth !== undefined || place.headers !== undefined))
    return `"${path}": "auth" and "headers" go to one host; these addresses have ${origins.size}: declare a channel for each`;
  return undefined;
}
