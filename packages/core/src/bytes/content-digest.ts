// Checksums that senders give: `Content-Digest` (RFC 9530), `Digest` (RFC 3230) and `X-Checksum-Sha256`. Each that is known must be right.
import { createHash, type Hash } from "node:crypto";
import { MillraceError } from "../errors/millrace-error.ts";

export interface Digest {
  readonly algorithm: "sha256" | "sha512";
  /** Header that it came in. */
  readonly header: string;
  readonly value: Uint8Array;
}

/** As Node's HTTP server gives them: these come once each. */
type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

const algorithms: Readonly<Record<string, Digest["algorithm"]>> = { "sha-256": "sha256", "sha-512": "sha512" };
const bytesOf = { sha256: 32, sha512: 64 } as const;

/** @param headers names in lower case. @throws MillraceError request-invalid */
export function readDigests(headers: Headers): readonly Digest[] {
  const digests = [...listed(headers, "content-digest"), ...listed(headers, "digest")];
  const plain = headers["x-checksum-sha256"];
  if (plain === undefined) return digests;
  const text = plain.toString().trim();
  const encoding = /^[0-9a-f]{64}$/i.test(text) ? "hex" : "base64";
  return [...digests, digestOf("x-checksum-sha256", "sha256", Buffer.from(text, encoding))];
}

function listed(headers: Headers, header: string): readonly Digest[] {
  const given = headers[header];
  if (given === undefined) return [];
  const digests = given
    .toString()
    .split(",")
    .flatMap((member) => {
      const at = member.indexOf("=");
      const algorithm = algorithms[member.slice(0, Math.max(at, 0)).trim().toLowerCase()];
      // RFC 9530 writes bytes between colons.
      const value = member
        .slice(at + 1)
        .trim()
        .replace(/^:(.*):$/, "$1");
      return algorithm === undefined ? [] : [digestOf(header, algorithm, Buffer.from(value, "base64"))];
    });
  if (digests.length > 0) return digests;
  throw new MillraceError("request-invalid", `${header} names no checksum that is known here; nothing was written.`, {
    hint: "Send sha-256 or sha-512, in base64.",
    details: { header },
  });
}

function digestOf(header: string, algorithm: Digest["algorithm"], value: Uint8Array): Digest {
  if (value.byteLength === bytesOf[algorithm]) return { algorithm, header, value };
  throw new MillraceError("request-invalid", `${header} holds no ${algorithm} checksum; nothing was written.`, {
    details: { header },
  });
}

/** Computes what is needed to compare with the given checksums. */
export class DigestCheck {
  readonly #digests: readonly Digest[];
  readonly #hashes: ReadonlyMap<Digest["algorithm"], Hash>;

  constructor(digests: readonly Digest[]) {
    this.#digests = digests;
    this.#hashes = new Map(digests.map(({ algorithm }) => [algorithm, createHash(algorithm)]));
  }

  update(chunk: Uint8Array): void {
    for (const hash of this.#hashes.values()) hash.update(chunk);
  }

  /** The first given checksum that is not that of the content. */
  mismatch(): string | undefined {
    const computed = new Map([...this.#hashes].map(([algorithm, hash]) => [algorithm, hash.digest()]));
    const wrong = this.#digests.find(({ algorithm, value }) => computed.get(algorithm)?.equals(value) === false);
    if (wrong === undefined) return undefined;
    const hex = Buffer.from(wrong.value).toString("hex");
    return `${wrong.header} says ${wrong.algorithm} ${hex}; what arrived has ${computed.get(wrong.algorithm)?.toString("hex")}`;
  }
}
