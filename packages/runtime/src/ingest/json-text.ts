// JSON's grammar over bytes, without building values: where a value ends, or that it is none. RFC 8259; it takes what JSON.parse takes of UTF-8.
// record-reader.ts cuts records with it. The bytes end with one that belongs to no value (0), so that nothing is read behind them.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const LETTER_U = 0x75;

/** The last byte ends every loop: no position beyond it is asked for. */
function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

/** The first position at or behind `at` that holds no white space. */
export function skipBlanks(bytes: Uint8Array, at: number): number {
  for (let code = byteAt(bytes, at); code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;)
    code = byteAt(bytes, (at += 1));
  return at;
}

/** @param at the opening quote. @returns the position behind the closing one, or -1 */
export function endOfString(bytes: Uint8Array, at: number): number {
  for (let here = at + 1; ; here += 1) {
    const code = byteAt(bytes, here);
    if (code === QUOTE) return here + 1;
    if (code === BACKSLASH) {
      here = endOfEscape(bytes, here);
      if (here < 0) return -1;
    } else if (code < 0x20) return -1;
  }
}

const escapes = Buffer.from('"\\/bfnrt');

/** The last position of the escape that begins here, or -1. */
function endOfEscape(bytes: Uint8Array, at: number): number {
  const code = byteAt(bytes, at + 1);
  if (code !== LETTER_U) return escapes.includes(code) ? at + 1 : -1;
  for (let here = at + 2; here < at + 6; here += 1) if (!isHexDigit(byteAt(bytes, here))) return -1;
  return at + 5;
}

function isHexDigit(code: number): boolean {
  return isDigit(code) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66);
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function endOfDigits(bytes: Uint8Array, at: number): number {
  while (isDigit(byteAt(bytes, at))) at += 1;
  return at;
}

/** @param at its sign or first digit. @returns the position behind it, or -1 */
export function endOfNumber(bytes: Uint8Array, at: number): number {
  let here = byteAt(bytes, at) === 0x2d ? at + 1 : at;
  const first = byteAt(bytes, here);
  if (!isDigit(first)) return -1;
  here = first === 0x30 ? here + 1 : endOfDigits(bytes, here);
  if (byteAt(bytes, here) === 0x2e) {
    const fraction = here + 1;
    here = endOfDigits(bytes, fraction);
    if (here === fraction) return -1;
  }
  const exponent = byteAt(bytes, here);
  if (exponent !== 0x65 && exponent !== 0x45) return here;
  const sign = byteAt(bytes, here + 1);
  const power = sign === 0x2b || sign === 0x2d ? here + 2 : here + 1;
  here = endOfDigits(bytes, power);
  return here === power ? -1 : here;
}

/** Whether these three letters follow. */
function isWord(bytes: Uint8Array, at: number, second: number, third: number, fourth: number): boolean {
  return byteAt(bytes, at + 1) === second && byteAt(bytes, at + 2) === third && byteAt(bytes, at + 3) === fourth;
}

/** A text, a number, true, false or null; -1 for anything else. */
function endOfScalar(bytes: Uint8Array, at: number): number {
  switch (byteAt(bytes, at)) {
    case QUOTE:
      return endOfString(bytes, at);
    case 0x74:
      return isWord(bytes, at, 0x72, 0x75, 0x65) ? at + 4 : -1;
    case 0x66:
      return isWord(bytes, at, 0x61, 0x6c, 0x73) && byteAt(bytes, at + 4) === 0x65 ? at + 5 : -1;
    case 0x6e:
      return isWord(bytes, at, 0x75, 0x6c, 0x6c) ? at + 4 : -1;
    default:
      return endOfNumber(bytes, at);
  }
}

/** The position of the value behind `"key" :`, or -1. @param at where the key begins */
export function startOfMember(bytes: Uint8Array, at: number): number {
  if (byteAt(bytes, at) !== QUOTE) return -1;
  const end = endOfString(bytes, at);
  if (end < 0) return -1;
  const colon = skipBlanks(bytes, end);
  return byteAt(bytes, colon) === COLON ? skipBlanks(bytes, colon + 1) : -1;
}

/** @param at the value's first character. @returns the position behind it, or -1 when there is no well-formed value. However deep, it does not recurse. */
export function endOfValue(bytes: Uint8Array, at: number): number {
  const first = byteAt(bytes, at);
  if (first !== OPEN_ARRAY && first !== OPEN_OBJECT) return endOfScalar(bytes, at);
  const closers: number[] = [];
  let here = at;
  for (;;) {
    // A value begins here.
    const code = byteAt(bytes, here);
    if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      const closer = code === OPEN_ARRAY ? CLOSE_ARRAY : CLOSE_OBJECT;
      here = skipBlanks(bytes, here + 1);
      if (byteAt(bytes, here) !== closer) {
        closers.push(closer);
        if (closer === CLOSE_OBJECT) here = startOfMember(bytes, here);
        if (here < 0) return -1;
        continue;
      }
      here += 1;
    } else here = endOfScalar(bytes, here);
    here = nextValue(bytes, here, closers);
    if (here < 0 || closers.length === 0) return here;
  }
}

/** Behind a value: closes what ends here and goes to the next value; behind the outermost one it stays. */
function nextValue(bytes: Uint8Array, at: number, closers: number[]): number {
  if (at < 0) return -1;
  let here = at;
  while (closers.length > 0) {
    here = skipBlanks(bytes, here);
    const code = byteAt(bytes, here);
    const closer = closers.at(-1);
    if (code === COMMA) {
      here = skipBlanks(bytes, here + 1);
      return closer === CLOSE_OBJECT ? startOfMember(bytes, here) : here;
    }
    if (code !== closer) return -1;
    closers.pop();
    here += 1;
  }
  return here;
}
