// Resolves what a channel's requests carry: headers and, for keys in the query, one parameter. Resolved anew for each read, so that rotated
// secrets are used.
import { MillraceError, type SecretRef, type Secrets } from "@millrace/core";
import { isEnvRef, isSecretRef, type Setting } from "../authoring/references.ts";
import { base64, type Redactor } from "../rest-engine/redactor.ts";
import type { Authentication, RestConfig } from "./rest-config.ts";

export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  /** Never part of a cursor, an error or a log. */
  readonly query: Readonly<Record<string, string>>;
}

const unfitForHeader = /[^\t\x20-\x7e\x80-\xff]/;

/** @throws MillraceError secret-missing, channel-invalid for a value that a header cannot carry */
export async function resolveCredentials(
  config: Pick<RestConfig, "auth" | "headers">,
  secrets: Secrets,
  redactor: Redactor,
): Promise<Credentials> {
  const value = async (reference: Setting | SecretRef): Promise<string> => {
    if (isEnvRef(reference)) return secrets.setting(reference);
    if (!isSecretRef(reference)) return reference;
    const text = (await secrets.resolve(reference)).reveal();
    redactor.add(text);
    return text;
  };
  const headers: Record<string, string> = { accept: "application/json" };
  for (const [name, reference] of Object.entries(config.headers)) headers[name.toLowerCase()] = await value(reference);
  const proof = config.auth === undefined ? { headers: {}, query: {} } : await prove(config.auth, value, redactor);
  const all = { ...headers, ...proof.headers };
  const unfit = Object.entries(all).find(([, text]) => unfitForHeader.test(text));
  if (unfit !== undefined)
    throw new MillraceError(
      "channel-invalid",
      `The value of header "${unfit[0]}" has characters that a header cannot carry.`,
      {
        hint: "Look for line ends or special characters in the secret or setting.",
      },
    );
  return { headers: all, query: proof.query };
}

async function prove(
  auth: Authentication,
  value: (reference: Setting | SecretRef) => Promise<string>,
  redactor: Redactor,
): Promise<Credentials> {
  switch (auth.kind) {
    case "bearer":
      return { headers: { authorization: `Bearer ${await value(auth.token)}` }, query: {} };
    case "basic": {
      const pair = `${await value(auth.username)}:${await value(auth.password)}`;
      redactor.add(pair);
      return { headers: { authorization: `Basic ${base64(pair)}` }, query: {} };
    }
    case "api-key": {
      const key = await value(auth.value);
      if (auth.header !== undefined) return { headers: { [auth.header.toLowerCase()]: key }, query: {} };
      return { headers: {}, query: { [auth.query ?? "key"]: key } };
    }
  }
}
