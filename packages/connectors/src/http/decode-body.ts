// Undoes the content encoding of a response, bounded: what a small compressed body may grow to is limited.
import type { Readable, Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createZstdDecompress } from "node:zlib";
import { MillraceError } from "@millrace/core";

/** Encodings that requests ask for. */
export const acceptedEncodings = "gzip, br, zstd";

const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: () => createGunzip(),
  "x-gzip": () => createGunzip(),
  br: () => createBrotliDecompress(),
  zstd: () => createZstdDecompress(),
};

/** The body as the upstream meant it. Errors of the source reach the reader. @throws MillraceError upstream-refused for an unknown encoding */
export function decodeBody(body: Readable, contentEncoding: string | undefined): Readable {
  const names = (contentEncoding ?? "")
    .toLowerCase()
    .split(",")
    .map((name) => name.trim());
  let decoded = body;
  for (const name of names.filter((word) => word !== "" && word !== "identity").reverse()) {
    const decoder = decoders[name];
    if (decoder === undefined) {
      body.destroy();
      throw new MillraceError(
        "upstream-refused",
        `The upstream answered with content encoding "${name}", which was not asked for.`,
      );
    }
    decoded = joined(decoded, decoder());
  }
  return decoded;
}

function joined(from: Readable, to: Transform): Readable {
  from.on("error", (error) => to.destroy(error));
  to.on("close", () => from.destroy());
  return from.pipe(to);
}
