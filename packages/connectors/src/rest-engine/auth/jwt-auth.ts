// Signed tokens (JWS compact form, RFC 7515) on Node's own cryptography, which has all algorithms that upstreams ask for, ES256K included.
import { constants, createHmac, createPrivateKey, sign, type KeyObject } from "node:crypto";
import { MillraceError } from "@millrace/core";
import { partOf } from "../build-request.ts";
import type { Authenticator, EngineContext } from "../components.ts";
import type { RequestOption } from "../request.ts";
import type { Fields } from "../slice.ts";
import { secretly, type Lookup } from "./plain-auth.ts";

export const jwtAlgorithms = [
  "HS256",
  "HS384",
  "HS512",
  "ES256",
  "ES256K",
  "ES384",
  "ES512",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "EdDSA",
] as const;
export type JwtAlgorithm = (typeof jwtAlgorithms)[number];

export interface JwtOptions {
  readonly algorithm: JwtAlgorithm;
  /** The shared secret, or a private key as PEM. */
  readonly key: Lookup;
  readonly passphrase?: Lookup;
  readonly durationS: number;
  readonly headers: (context: EngineContext) => Promise<Fields>;
  /** Without `iat`, `nbf` and `exp`, which are set here. */
  readonly payload: (context: EngineContext) => Promise<Fields>;
  /** Where the token goes. Default: the header `Authorization`. */
  readonly option?: RequestOption;
  /** Word before the token. */
  readonly prefix?: string;
}

const marginMs = 30_000;

/** A token is used until shortly before it ends. */
export function jwtAuth(options: JwtOptions): Authenticator {
  const { option = { into: "header", path: ["authorization"] }, prefix } = options;
  let known: { readonly token: string; readonly expiresAtMs: number } | undefined;
  return {
    ...(option.into === "query" ? { credentialParams: [option.path.join(".")] } : {}),
    async parts(context) {
      if (known === undefined || known.expiresAtMs - marginMs <= context.clock.nowMs())
        known = await issue(context, options);
      context.redactor.add(known.token);
      return partOf(option, prefix === undefined || prefix === "" ? known.token : `${prefix} ${known.token}`);
    },
    refresh() {
      known = undefined;
      return Promise.resolve();
    },
  };
}

async function issue(
  context: EngineContext,
  options: JwtOptions,
): Promise<{ readonly token: string; readonly expiresAtMs: number }> {
  const nowS = Math.floor(context.clock.nowMs() / 1000);
  const header = { typ: "JWT", ...(await options.headers(context)), alg: options.algorithm };
  const payload = { ...(await options.payload(context)), iat: nowS, nbf: nowS, exp: nowS + options.durationS };
  const signed = `${segment(JSON.stringify(header))}.${segment(JSON.stringify(payload))}`;
  const key = await secretly(context, options.key);
  const passphrase = options.passphrase === undefined ? undefined : await secretly(context, options.passphrase);
  const token = `${signed}.${signature(options.algorithm, signed, { key, passphrase }).toString("base64url")}`;
  return { token, expiresAtMs: (nowS + options.durationS) * 1000 };
}

function segment(text: string): string {
  return Buffer.from(text, "utf8").toString("base64url");
}

interface Key {
  readonly key: string;
  readonly passphrase: string | undefined;
}

/** @throws MillraceError auth-failed for a key that the algorithm cannot use */
function signature(algorithm: JwtAlgorithm, text: string, { key, passphrase }: Key): Buffer {
  const hash = algorithm === "EdDSA" ? null : `sha${algorithm.slice(2, 5)}`;
  if (algorithm.startsWith("HS"))
    return createHmac(hash ?? "", key)
      .update(text)
      .digest();
  const data = Buffer.from(text, "utf8");
  try {
    const privateKey = createPrivateKey({ key, format: "pem", ...(passphrase === undefined ? {} : { passphrase }) });
    return sign(hash, data, keyOptions(algorithm, privateKey));
  } catch {
    // The reason that the library gives may quote the key.
    throw new MillraceError("auth-failed", `The private key cannot sign with ${algorithm}.`, {
      hint: "Check that the key is a private key as PEM, of the kind that the algorithm needs, and that its passphrase is right.",
    });
  }
}

function keyOptions(algorithm: JwtAlgorithm, key: KeyObject): Parameters<typeof sign>[2] {
  if (algorithm.startsWith("PS"))
    return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  return algorithm.startsWith("ES") ? { key, dsaEncoding: "ieee-p1363" } : key;
}
