// A glob as a regular expression, made once: asking the system's matcher for each of a hundred thousand names costs a second. Only what is certain to
// mean the same is compiled; every other pattern is left to the system.
import { matchesGlob } from "node:path";

/** Letters that stand for themselves, `*` and `?` inside a segment, and `**` as a whole one. */
const plain = /^[\p{L}\p{N}_ .,;=@~#%&-]*(?:[*?][\p{L}\p{N}_ .,;=@~#%&-]*)*$/u;

/** @returns the same as `matchesGlob(path, glob)` */
export function compiledGlob(glob: string): (path: string) => boolean {
  const segments = glob.split("/");
  const last = segments.length - 1;
  const simple = segments.every((segment, at) => {
    if (segment === "**") return at < last && segments[at + 1] !== "**";
    return segment !== "" && segment !== "." && segment !== ".." && isPlain(segment);
  });
  if (!simple) return (path) => matchesGlob(path, glob);
  const source = segments.map((segment, at) =>
    segment === "**" ? folders : `${part(segment)}${at < last ? "/" : ""}`,
  );
  const expression = new RegExp(`^${source.join("")}$`, "u");
  return (path) => expression.test(path);
}

/** Few wildcards: each more multiplies the ways in which a long name can be tried. */
function isPlain(segment: string): boolean {
  return !segment.includes("**") && segment.split("*").length <= 4 && plain.test(segment);
}

/** Any number of folders, none of them hidden. */
const folders = "(?:(?!\\.)[^/]+/)*";

const meanings: Readonly<Record<string, string>> = { "*": "[^/]*", "?": "[^/]", ".": "\\." };

/** A wildcard at the start never stands for a dot, and a segment is never empty. */
function part(segment: string): string {
  const visible = /^[*?]/.test(segment) ? "(?!\\.)(?=[^/])" : "";
  return visible + segment.replaceAll(/[*?.]/g, (letter) => meanings[letter] ?? letter);
}
