// Tells the encoding of a text from how it begins: a byte order mark, or the zeros of UTF-16. Encodings of one byte per character look alike and are
// never guessed: they are declared.

/** Enough characters to tell UTF-16 without a mark. */
const sampleBytes = 4096;

/** What Node's decoder takes as a name. */
export function isEncoding(name: string): boolean {
  try {
    return new TextDecoder(name, { fatal: true }).encoding !== "";
  } catch {
    return false;
  }
}

/** `utf-8` where nothing tells otherwise. */
export function detectEncoding(head: Uint8Array): string {
  if (head[0] === 0xff && head[1] === 0xfe) return "utf-16le";
  if (head[0] === 0xfe && head[1] === 0xff) return "utf-16be";
  const sample = head.subarray(0, sampleBytes);
  const pairs = Math.floor(sample.byteLength / 2);
  if (pairs < 4) return "utf-8";
  const [even, odd] = [zerosAt(sample, 0), zerosAt(sample, 1)];
  // Western text has a zero in almost every character; binary files have theirs anywhere.
  if (odd > 0.7 * pairs && even === 0) return "utf-16le";
  return even > 0.7 * pairs && odd === 0 ? "utf-16be" : "utf-8";
}

/** Zeros at every second place. */
function zerosAt(sample: Uint8Array, first: 0 | 1): number {
  let zeros = 0;
  for (let at = first; at < sample.byteLength; at += 2) if (sample[at] === 0) zeros += 1;
  return zeros;
}
