// Cuts a JSON array into the bytes of its elements without building them, so that every digit and every escape stays what it was.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/** @param body the text of one JSON array, already known to be well-formed */
export function* elementsOf(body: Buffer): Iterable<Buffer> {
  let depth = 0;
  let start = 0;
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at] ?? 0;
    if (byte === QUOTE) at = endOfString(body, at);
    else if (OPENING.has(byte)) {
      depth += 1;
      if (depth === 1) start = at + 1;
    } else if (CLOSING.has(byte)) {
      depth -= 1;
      if (depth === 0) yield* present(body.subarray(start, at));
    } else if (byte === COMMA && depth === 1) {
      yield* present(body.subarray(start, at));
      start = at + 1;
    }
  }
}

/** Nothing between the brackets of an empty array. */
function* present(element: Buffer): Iterable<Buffer> {
  if (element.some((byte) => byte > 0x20)) yield element;
}

function endOfString(body: Buffer, opening: number): number {
  for (let at = opening + 1; at < body.length; at += 1) {
    if (body[at] === BACKSLASH) at += 1;
    else if (body[at] === QUOTE) return at;
  }
  return body.length;
}
