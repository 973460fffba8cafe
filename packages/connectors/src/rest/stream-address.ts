// Addresses of a stream's pages: base address, path and parameters.
import { MillraceError, type Secrets } from "@millrace/core";
import { isEnvRef, type Setting } from "../authoring/references.ts";
import type { StreamConfig } from "./rest-config.ts";

/** @throws MillraceError channel-invalid, secret-missing */
export function baseAddress(baseUrl: Setting, secrets: Secrets): URL {
  const text = isEnvRef(baseUrl) ? secrets.setting(baseUrl) : baseUrl;
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "") return url;
  const from = isEnvRef(baseUrl) ? ` (from ${baseUrl.$env})` : "";
  throw new MillraceError(
    "channel-invalid",
    `baseUrl${from} is not an http or https address without user name and password.`,
    {
      hint: 'Give an address such as "https://api.example.com/v1"; credentials belong in auth.',
    },
  );
}

/** The path is appended to the base address; the base's own query stays. */
export function streamAddress(base: URL, stream: StreamConfig, secrets: Secrets): URL {
  const url = new URL(base.href);
  const [path = "", query = ""] = stream.path.split("?", 2);
  url.pathname = `${base.pathname.replace(/\/+$/, "")}/${path.replace(/^\/+/, "")}`;
  for (const [name, value] of new URLSearchParams(query)) url.searchParams.append(name, value);
  for (const [name, value] of Object.entries(stream.params))
    url.searchParams.set(name, isEnvRef(value) ? secrets.setting(value) : String(value));
  return url;
}
