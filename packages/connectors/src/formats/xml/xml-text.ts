// Text of XML as it stands between tags: entities, character references and CDATA become characters.

const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const ampersand = 0x26;
const less = 0x3c;

/** @throws SyntaxError for an entity that XML itself does not define */
export function xmlText(bytes: Buffer, from: number, to: number): string {
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at];
    if (byte === ampersand || byte === less) return decoded(bytes.toString("utf8", from, to));
  }
  return bytes.toString("utf8", from, to);
}

function decoded(text: string): string {
  return text
    .split(/(<!\[CDATA\[[\s\S]*?\]\]>)/)
    .map((part) => (part.startsWith("<![CDATA[") ? part.slice(9, -3) : withoutEntities(part)))
    .join("");
}

/** @throws SyntaxError */
export function withoutEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replaceAll(/&([^;&\s]{0,12});?/g, (whole, name: string) => {
    const character = whole.endsWith(";") ? characterOf(name) : undefined;
    if (character === undefined) throw new SyntaxError(`the entity ${whole} is not one that XML defines`);
    return character;
  });
}

function characterOf(name: string): string | undefined {
  if (!name.startsWith("#")) return named[name];
  const code = /^#x[0-9a-f]+$/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  return Number.isInteger(code) && code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}
