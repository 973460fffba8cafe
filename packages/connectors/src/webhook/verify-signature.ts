// Verifies one webhook request against every secret of its channel. Comparisons take the same time whatever differs; errors never show a secret, nor
// the signature that would be right.
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { MillraceError } from "@millrace/core";
import type { SignatureScheme } from "./signature-scheme.ts";

/** Names of headers in lower case. */
export type HookHeaders = Readonly<Record<string, string | undefined>>;

export interface HookRequest {
  readonly headers: HookHeaders;
  readonly body: Uint8Array;
}

export interface Proof {
  readonly secrets: readonly string[];
  readonly nowMs: number;
}

/** What a valid signature vouches for. */
export interface Verified {
  /** Signature of the request, hex: equal requests have equal ones. */
  readonly digest: string;
  /** The signed id, where the scheme has one. */
  readonly id?: string;
}

/** More in one header are not looked at. */
const signaturesMax = 16;
const headerCharsMax = 4096;

/** @throws MillraceError hook-signature-missing, hook-signature-invalid, hook-timestamp-invalid */
export function verifySignature(scheme: SignatureScheme, { headers, body }: HookRequest, proof: Proof): Verified {
  const header = demandHeader(headers, scheme.header);
  const timestamp = momentOf(scheme, headers, header);
  const id = scheme.idHeader === undefined ? undefined : demandHeader(headers, scheme.idHeader);
  const given = signaturesIn(scheme, header);
  const parts = payloadParts(scheme.payload, { headers, body, timestamp, id });
  let matched: Buffer | undefined;
  for (const secret of proof.secrets) {
    const hmac = createHmac(scheme.algorithm, keyOf(secret, scheme.key));
    for (const part of parts) hmac.update(part);
    const digest = hmac.digest();
    // Every secret with every signature: what takes how long tells nothing.
    for (const signature of given) if (sameBytes(digest, signature)) matched ??= digest;
  }
  if (matched === undefined)
    throw new MillraceError("hook-signature-invalid", `The signature in ${scheme.header} is not that of this body.`);
  // Only now: the moment of a request that nobody signed says nothing.
  checkMoment(scheme, timestamp, proof.nowMs);
  return { digest: matched.toString("hex"), ...(id === undefined ? {} : { id }) };
}

/** A header that holds the secret itself. @throws MillraceError hook-signature-missing, hook-signature-invalid */
export function verifyToken(header: string, { headers, body }: HookRequest, proof: Proof): Verified {
  const name = header.toLowerCase();
  const given = sha256(demandHeader(headers, name));
  let known = false;
  for (const secret of proof.secrets) if (timingSafeEqual(sha256(secret), given)) known = true;
  if (!known) throw new MillraceError("hook-signature-invalid", `${name} holds no secret of this channel.`);
  return { digest: sha256(body).toString("hex") };
}

function sha256(content: string | Uint8Array): Buffer {
  return createHash("sha256").update(content).digest();
}

function demandHeader(headers: HookHeaders, name: string): string {
  const value = headers[name];
  if (value !== undefined && value !== "" && value.length <= headerCharsMax) return value;
  const problem = value === undefined || value === "" ? "is missing" : `is longer than ${headerCharsMax} characters`;
  throw new MillraceError("hook-signature-missing", `Header ${name} ${problem}.`, { details: { header: name } });
}

function momentOf({ moment }: SignatureScheme, headers: HookHeaders, header: string): string | undefined {
  if (moment === undefined) return undefined;
  if (moment.header !== undefined) return demandHeader(headers, moment.header);
  const found = pairsOf(header).find(([name]) => name === moment.pair);
  if (found !== undefined) return found[1];
  throw new MillraceError("hook-signature-missing", `The signature header has no ${moment.pair}=.`);
}

function checkMoment({ moment }: SignatureScheme, timestamp: string | undefined, nowMs: number): void {
  if (moment === undefined) return;
  const sentMs = /^\d{1,16}$/.test(timestamp ?? "") ? Number(timestamp) * moment.unitMs : Number.NaN;
  const apartMs = Math.abs(nowMs - sentMs);
  if (apartMs <= moment.toleranceMs) return;
  const problem = Number.isNaN(sentMs)
    ? "is not a whole number"
    : `is ${Math.round(apartMs / 1000)} s away from the clock here; at most ${moment.toleranceMs / 1000} s are taken`;
  throw new MillraceError("hook-timestamp-invalid", `The moment of sending ${problem}.`);
}

function signaturesIn(scheme: SignatureScheme, header: string): readonly Buffer[] {
  const { form, prefix } = scheme;
  const written =
    form === "pairs"
      ? pairsOf(header)
          .filter(([name]) => name === prefix)
          .map(([, value]) => value)
      : (form === "list" ? header.split(" ") : [header])
          .filter((part) => part.startsWith(prefix))
          .map((part) => part.slice(prefix.length));
  return written.slice(0, signaturesMax).flatMap((text) => decoded(text.trim(), scheme.encoding) ?? []);
}

function pairsOf(header: string): readonly (readonly [string, string])[] {
  return header.split(",").map((pair) => {
    const at = pair.indexOf("=");
    return [pair.slice(0, Math.max(0, at)).trim(), pair.slice(at + 1).trim()];
  });
}

const alphabets = { hex: /^(?:[0-9a-f]{2})+$/i, base64: /^[A-Za-z0-9+/]+={0,2}$/, base64url: /^[A-Za-z0-9_-]+={0,2}$/ };

function decoded(text: string, encoding: SignatureScheme["encoding"]): Buffer | undefined {
  return alphabets[encoding].test(text) ? Buffer.from(text, encoding) : undefined;
}

/** Lengths are public: they are the algorithm's. */
function sameBytes(one: Buffer, other: Buffer): boolean {
  return one.byteLength === other.byteLength && timingSafeEqual(one, other);
}

function keyOf(secret: string, key: SignatureScheme["key"]): Buffer {
  if (key !== "whsec") return Buffer.from(secret, key === "text" ? "utf8" : key);
  return Buffer.from(secret.replace(/^whsec_/, ""), "base64");
}

function payloadParts(
  template: string,
  values: {
    readonly headers: HookHeaders;
    readonly body: Uint8Array;
    readonly timestamp: string | undefined;
    readonly id: string | undefined;
  },
): readonly (string | Uint8Array)[] {
  return template.split(/(\{[^}]*\})/).map((part) => {
    if (part === "{body}") return values.body;
    if (part === "{timestamp}") return values.timestamp ?? "";
    if (part === "{id}") return values.id ?? "";
    if (part.startsWith("{header:")) return demandHeader(values.headers, part.slice(8, -1).toLowerCase());
    return part;
  });
}
