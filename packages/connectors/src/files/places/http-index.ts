// Reads a page or document that lists files: links of an HTML page, JSON, or an address per line. Only addresses below its own count.

export interface LinkedFile {
  readonly url: URL;
  /** What the list itself says of the file; saves asking for each. */
  readonly tag?: string;
  readonly size?: number;
}

const linksMax = 100_000;
const href = /<a\b[^>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/gi;
const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", "#39": "'" };

/** @throws Error with what is wrong */
export function readIndex(text: string, { base, type }: { readonly base: URL; readonly type: string }): LinkedFile[] {
  const content = text.trim();
  const found = /json/i.test(type) || /^[[{]/.test(content) ? fromJson(content) : fromText(content);
  if (found.length > linksMax) throw new Error(`it lists ${found.length} files; at most ${linksMax} are read`);
  const files = new Map<string, LinkedFile>();
  for (const { address, ...about } of found) {
    const url = URL.parse(address, base.href);
    if (url === null || !isBelow(url, base)) continue;
    url.hash = "";
    files.set(url.href, { url, ...about });
  }
  return [...files.values()];
}

/** Where addresses in an index are below: its own folder. Credentials never follow a link to somewhere else. */
export function isBelow(url: URL, base: URL): boolean {
  const folder = base.pathname.slice(0, base.pathname.lastIndexOf("/") + 1);
  return url.origin === base.origin && url.pathname.startsWith(folder) && !url.pathname.endsWith("/");
}

interface Found extends Omit<LinkedFile, "url"> {
  readonly address: string;
}

function fromText(content: string): Found[] {
  if (!/<(?:html|a|body|!doctype)\b/i.test(content))
    return content
      .split(/\r?\n/)
      .filter(isLine)
      .map((line) => ({ address: line.trim() }));
  return [...content.matchAll(href)].map((match) => ({ address: unescape(match[1] ?? match[2] ?? match[3] ?? "") }));
}

function isLine(line: string): boolean {
  return line.trim() !== "" && !line.startsWith("#");
}

function unescape(text: string): string {
  return text.replaceAll(/&(\w+|#39);/g, (whole, name: string) => entities[name] ?? whole);
}

function fromJson(content: string): Found[] {
  const document = JSON.parse(content) as unknown;
  const list = Array.isArray(document) ? (document as readonly unknown[]) : (document as { files?: unknown }).files;
  if (!Array.isArray(list)) throw new Error('it is a JSON object without a list "files"');
  return (list as readonly unknown[]).map((item, at) => {
    if (typeof item === "string") return { address: item };
    const fields = (typeof item === "object" && item !== null ? item : {}) as Readonly<Record<string, unknown>>;
    const address = ["url", "href", "path", "name", "file"].map((name) => fields[name]).find((value) => value);
    if (typeof address !== "string") throw new Error(`entry ${at + 1} has no address (url, href, path, name, file)`);
    const { etag, size } = fields;
    return {
      address,
      ...(typeof etag === "string" && etag !== "" ? { tag: etag } : {}),
      ...(Number.isSafeInteger(size) ? { size: size as number } : {}),
    };
  });
}
