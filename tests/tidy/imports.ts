// Which modules a source file imports. Reads statements at the start of a line, so that examples in comments do not count.
const STATEMENT = /^(?:import|export|\})[^"';]*?from\s+["']([^"']+)["']|^import\s+["']([^"']+)["']/gm;
const DYNAMIC = /^(?!\s*(?:\*|\/\/)).*?\bimport\(\s*["']([^"']+)["']/gm;

/** Module specifiers of a TypeScript source, in order, each with its line. */
export function importsOf(text: string): { specifier: string; line: number }[] {
  const found: { specifier: string; line: number }[] = [];
  for (const pattern of [STATEMENT, DYNAMIC]) {
    for (const match of text.matchAll(pattern)) {
      const specifier = match[1] ?? match[2];
      if (specifier !== undefined) found.push({ specifier, line: lineAt(text, match.index + match[0].length) });
    }
  }
  return found;
}

/** The package that a specifier belongs to, or undefined for relative paths and Node's own modules. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith(".") || specifier.startsWith("node:") || specifier.startsWith("#")) return undefined;
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : parts[0];
}

/** The line, counted from 1, of a character position. */
export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split("\n").length;
}
