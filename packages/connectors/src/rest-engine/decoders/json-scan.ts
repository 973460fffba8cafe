// Finds its way through JSON bytes without building values: the list at a path, and where each of its elements begins and ends. It follows
// structure only; whoever reads an element checks the element itself.

const quote = 0x22;
const backslash = 0x5c;

/** A part of a buffer: from `start` up to, not including, `end`. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

/** Where the value at the path stands; undefined when there is none. @throws SyntaxError when the bytes end too early */
export function extentAt(bytes: Buffer, path: readonly string[]): Extent | undefined {
  let at = skipBlank(bytes, 0);
  for (const name of path) {
    const found = member(bytes, at, name);
    if (found === undefined) return undefined;
    at = found;
  }
  return { start: at, end: skipValue(bytes, at) };
}

/** The elements of the list that begins at `start`; none when it is no list. @throws SyntaxError when the bytes end too early */
export function* elementExtents(bytes: Buffer, start: number): Generator<Extent> {
  if (bytes[start] !== 0x5b) return;
  let at = skipBlank(bytes, start + 1);
  if (bytes[at] === 0x5d) return;
  for (;;) {
    const end = skipValue(bytes, at);
    yield { start: at, end };
    const next = skipBlank(bytes, end);
    if (bytes[next] === 0x5d) return;
    if (bytes[next] !== 0x2c) throw broken(next);
    at = skipBlank(bytes, next + 1);
  }
}

/** The value of a member of the object that begins at `start`; undefined when there is none. @throws SyntaxError when the bytes end too early */
export function memberAt(bytes: Buffer, start: number, name: string): Extent | undefined {
  const found = member(bytes, start, name);
  return found === undefined ? undefined : { start: found, end: skipValue(bytes, found) };
}

/** Where the member's value begins. */
function member(bytes: Buffer, start: number, name: string): number | undefined {
  if (bytes[start] !== 0x7b) return undefined;
  let at = skipBlank(bytes, start + 1);
  if (bytes[at] === 0x7d) return undefined;
  for (;;) {
    if (bytes[at] !== quote) throw broken(at);
    const keyEnd = skipString(bytes, at);
    const colon = skipBlank(bytes, keyEnd);
    if (bytes[colon] !== 0x3a) throw broken(colon);
    const value = skipBlank(bytes, colon + 1);
    if (isName(bytes, { start: at, end: keyEnd }, name)) return value;
    const next = skipBlank(bytes, skipValue(bytes, value));
    if (bytes[next] === 0x7d) return undefined;
    if (bytes[next] !== 0x2c) throw broken(next);
    at = skipBlank(bytes, next + 1);
  }
}

function isName(bytes: Buffer, { start, end }: Extent, name: string): boolean {
  // Neither encoding nor escapes make a name shorter.
  if (end - start - 2 < name.length) return false;
  const text = bytes.toString("utf8", start, end);
  return text === `"${name}"` || (text.includes("\\") && JSON.parse(text) === name);
}

function skipBlank(bytes: Buffer, from: number): number {
  let at = from;
  for (let byte = bytes[at]; byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09; byte = bytes[at])
    at += 1;
  return at;
}

/** The end of the value that begins here. */
function skipValue(bytes: Buffer, start: number): number {
  const first = bytes[start];
  if (first === quote) return skipString(bytes, start);
  if (first !== 0x7b && first !== 0x5b) return skipScalar(bytes, start);
  let depth = 0;
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === quote) at = skipString(bytes, at) - 1;
    else if (byte === 0x7b || byte === 0x5b) depth += 1;
    else if ((byte === 0x7d || byte === 0x5d) && (depth -= 1) === 0) return at + 1;
  }
  throw broken(bytes.length);
}

function skipString(bytes: Buffer, start: number): number {
  for (let at = bytes.indexOf(quote, start + 1); at >= 0; at = bytes.indexOf(quote, at + 1)) {
    let slashes = 0;
    while (bytes[at - 1 - slashes] === backslash) slashes += 1;
    if (slashes % 2 === 0) return at + 1;
  }
  throw broken(bytes.length);
}

function skipScalar(bytes: Buffer, start: number): number {
  let at = start;
  for (let byte = bytes[at]; byte !== undefined && !isEnd(byte); byte = bytes[at]) at += 1;
  if (at === start) throw broken(at);
  return at;
}

function isEnd(byte: number): boolean {
  return byte === 0x2c || byte === 0x5d || byte === 0x7d || byte <= 0x20;
}

function broken(at: number): SyntaxError {
  return new SyntaxError(`no JSON at byte ${at}`);
}
