// Collects the body of an answer, bounded.
import { MillraceError, type HttpResponse } from "@millrace/core";

/** The whole body. @throws MillraceError upstream-too-large; the connection is given up then */
export async function readWhole(response: HttpResponse, bytesMax: number, place: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax)
      throw new MillraceError("upstream-too-large", `${place} answered with a page of more than ${bytesMax} bytes.`, {
        details: { bytesMax },
      });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

/** The first bytes; the rest is not fetched. */
export async function readStart(response: HttpResponse, bytesMax: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes >= bytesMax) break;
  }
  return Buffer.concat(chunks).subarray(0, bytesMax);
}

const excerptCharsMax = 200;

/** One line of a body for a message. */
export function excerptOf(bytes: Uint8Array, clean: (text: string) => string): string {
  const text = clean(new TextDecoder().decode(bytes))
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    .trim();
  return text.length > excerptCharsMax ? `${text.slice(0, excerptCharsMax)}...` : text;
}
