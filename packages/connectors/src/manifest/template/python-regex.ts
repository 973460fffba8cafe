// Python's regular expressions as JavaScript's: the same for what templates use, with the spellings that differ translated.
// Not translated, hence refused by JavaScript: conditional groups, inline flags inside of a pattern, `\Z` look-alikes.
import { demandLength } from "./limits.ts";
import { PythonError } from "./python-values.ts";

const compiled = new Map<string, RegExp>();
const compiledMax = 500;
const flagLetters: Readonly<Record<string, string>> = { i: "i", m: "m", s: "s", u: "", a: "", x: "" };

/** @throws PythonError re.error when the pattern is wrong */
export function pythonRegex(pattern: string): RegExp {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  if (compiled.size >= compiledMax) compiled.clear();
  const inline = /^\(\?([aimsux]+)\)/.exec(pattern);
  const flags = Array.from(inline?.[1] ?? "")
    .map((letter) => flagLetters[letter] ?? "")
    .join("");
  try {
    const regex = new RegExp(translate(pattern.slice(inline?.[0].length ?? 0)), `gu${flags}`);
    compiled.set(pattern, regex);
    return regex;
  } catch (thrown) {
    throw new PythonError(
      "re.error",
      `${thrown instanceof Error ? thrown.message : String(thrown)} (pattern ${JSON.stringify(pattern)})`,
    );
  }
}

/** Character by character, because a class reads some of them differently. */
function translate(pattern: string): string {
  let out = "";
  let inClass = false;
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern[at] ?? "";
    if (char === "\\") {
      at += 1;
      out += escape(pattern[at] ?? "", inClass);
    } else if (inClass) {
      inClass = char !== "]";
      out += char === "[" ? "\\[" : /[|(){}/]/.test(char) ? `\\${char}` : char;
    } else if (char === "[") {
      inClass = true;
      const start = /^\[\^?\]?/.exec(pattern.slice(at))?.[0] ?? "[";
      out += start.replace("]", "\\]");
      at += start.length - 1;
    } else {
      const [text, taken] = outside(pattern, at);
      out += text;
      at += taken - 1;
    }
  }
  return out;
}

/** What stands outside of classes and escapes: named groups, and brackets that are plain characters in Python. */
function outside(pattern: string, at: number): readonly [string, number] {
  const rest = pattern.slice(at, at + 80);
  const named = /^\(\?P<(\w+)>/.exec(rest);
  if (named !== null) return [`(?<${named[1]}>`, named[0].length];
  const reference = /^\(\?P=(\w+)\)/.exec(rest);
  if (reference !== null) return [`\\k<${reference[1]}>`, reference[0].length];
  const char = rest[0] ?? "";
  if (char === "$") return ["(?=\\n?$(?![\\s\\S]))", 1];
  if (char === "{" && !/^\{(?:\d+(?:,\d*)?|,\d+)\}/.test(rest)) return ["\\{", 1];
  if (/^\{,\d+\}/.test(rest)) return ["{0", 1];
  if (char === "}" && !/\{\d*(?:,\d*)?$/.test(pattern.slice(Math.max(0, at - 12), at))) return ["\\}", 1];
  return [char === "]" ? "\\]" : char, 1];
}

function escape(char: string, inClass: boolean): string {
  if (char === "A" && !inClass) return "(?<![\\s\\S])";
  if (char === "Z" && !inClass) return "(?![\\s\\S])";
  if (char === "a") return "\\x07";
  if (/[\^$\\.*+?()[\]{}|/]/.test(char) || (inClass && char === "-")) return `\\${char}`;
  // JavaScript refuses escapes that mean nothing; Python takes them for the character itself.
  return /[a-zA-Z0-9]/.test(char) ? `\\${char}` : char;
}

/** The first group of the first match, `""` when nothing matched or there is no group. */
export function firstGroup(text: string, pattern: string): string | null {
  const regex = pythonRegex(pattern);
  regex.lastIndex = 0;
  const match = regex.exec(text);
  if (match === null || match.length < 2) return "";
  return match[1] ?? null;
}

/** `re.sub(pattern, replacement, text)`. */
export function substitute(text: string, pattern: string, replacement: string): string {
  let length = 0;
  return text.replace(pythonRegex(pattern), (...found: unknown[]) => {
    const named = (typeof found.at(-1) === "object" ? found.at(-1) : {}) as Record<string, string | undefined>;
    const replaced = replacement.replace(
      /\\(?:g<(\w+)>|(\d{1,2})|([\s\S]))/g,
      (_whole, name?: string, digits?: string, char?: string) => {
        if (char !== undefined) return { n: "\n", t: "\t", r: "\r", "\\": "\\" }[char] ?? `\\${char}`;
        const group = name !== undefined && !/^\d+$/.test(name) ? named[name] : found[Number(name ?? digits)];
        return typeof group === "string" ? group : "";
      },
    );
    length += replaced.length;
    demandLength(length, "text");
    return replaced;
  });
}
