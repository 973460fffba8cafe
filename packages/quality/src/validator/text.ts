// Text as the warehouse sees it: white space, case and order by code point, LIKE. What differs from JavaScript's own notions is said here.
import type { TextChange } from "@millrace/core";

const ascii = /^\p{ASCII}*$/u;
const runs = /\s+/g;

export function changeText(to: TextChange): (text: string) => string {
  switch (to) {
    case "trim":
      return (text) => text.trim();
    case "collapse":
      return (text) => text.replace(runs, " ");
    case "lower":
      return (text) => (ascii.test(text) ? text.toLowerCase() : Array.from(text, lowerOf).join(""));
    case "upper":
      return (text) => (ascii.test(text) ? text.toUpperCase() : Array.from(text, upperOf).join(""));
  }
}

/** Letters that got a counterpart after the version of Unicode that the warehouse knows (14). */
const unmapped =
  /^[\u019b\u0264\u1c89\u1c8a\ua7cb-\ua7cf\ua7d2-\ua7d5\ua7da-\ua7dc\u{10d50}-\u{10d85}\u{16ea0}-\u{16ed3}]$/u;

function lowerOf(letter: string): string {
  if (letter === "\u0130") return "i";
  const other = letter.toLowerCase();
  return unmapped.test(letter) || !isOneLetter(other) ? letter : other;
}

function upperOf(letter: string): string {
  const code = letter.codePointAt(0) ?? 0;
  if (code === 0xdf) return "\u1e9e";
  // Greek with iota: the capital is one letter, where JavaScript writes two.
  if (code >= 0x1f80 && code <= 0x1faf) return String.fromCodePoint(code | 8);
  if (code === 0x1fb3 || code === 0x1fc3 || code === 0x1ff3) return String.fromCodePoint(code + 9);
  const other = letter.toUpperCase();
  return unmapped.test(letter) || !isOneLetter(other) ? letter : other;
}

function isOneLetter(text: string): boolean {
  return text.length === 1 || (text.length === 2 && text.codePointAt(0) !== text.charCodeAt(0));
}

/** Order by code point; JavaScript's own puts characters beyond U+FFFF before U+E000. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (x !== y) return (x >= 0xd800 && y >= 0xd800 ? rank(x) - rank(y) : x - y) < 0 ? -1 : 1;
  }
  return Math.sign(a.length - b.length);
}

/** Surrogates stand for characters beyond all others. */
function rank(unit: number): number {
  return unit >= 0xe000 ? unit - 0x2000 : unit + 0x2000;
}

/** Length in code points. */
export function lengthOf(text: string): number {
  let length = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit <= 0xdbff) length -= 1;
  }
  return length;
}

/** SQL's LIKE with `\` as escape, in time proportional to text and pattern: each piece between two `%` is found as early as it can. */
export function likeMatcher(pattern: string): (text: string) => boolean {
  const pieces: (string | undefined)[][] = [[]];
  const letters = Array.from(pattern);
  for (let at = 0; at < letters.length; at += 1) {
    const letter = letters[at];
    if (letter === "%") pieces.push([]);
    else if (letter === "_") pieces.at(-1)?.push(undefined);
    else if (letter === "\\") pieces.at(-1)?.push(letters[(at += 1)]);
    else pieces.at(-1)?.push(letter);
  }
  const first = pieces[0] ?? [];
  const last = pieces.at(-1) ?? [];
  return (text) => {
    const units = Array.from(text);
    if (pieces.length === 1) return units.length === first.length && standsAt(units, first, 0);
    if (units.length < first.length + last.length || !standsAt(units, first, 0)) return false;
    const end = units.length - last.length;
    let at = first.length;
    for (const piece of pieces.slice(1, -1)) {
      while (at + piece.length <= end && !standsAt(units, piece, at)) at += 1;
      if (at + piece.length > end) return false;
      at += piece.length;
    }
    return standsAt(units, last, end);
  };
}

function standsAt(units: readonly string[], piece: readonly (string | undefined)[], at: number): boolean {
  return piece.every((letter, offset) => letter === undefined || units[at + offset] === letter);
}
