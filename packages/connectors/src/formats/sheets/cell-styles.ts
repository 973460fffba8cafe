// Which cell styles of a workbook show a number as a date or a time (ECMA-376 part 1, 18.8.30).
import { withoutEntities } from "../xml/xml-text.ts";

const builtInMoments = [
  [14, 22],
  [27, 36],
  [45, 47],
  [50, 58],
] as const;

/** By index of the style that a cell names. */
export function momentStyles(stylesXml: string): readonly boolean[] {
  const formats = new Map<number, string>();
  for (const [tag] of stylesXml.matchAll(/<(?:\w+:)?numFmt\s[^>]*>/g)) {
    const id = attribute(tag, "numFmtId");
    const code = attribute(tag, "formatCode");
    if (id !== undefined && code !== undefined) formats.set(Number(id), withoutEntities(code));
  }
  const [, cellFormats = ""] = /<(?:\w+:)?cellXfs\b[^>]*>([\s\S]*?)<\/(?:\w+:)?cellXfs>/.exec(stylesXml) ?? [];
  return [...cellFormats.matchAll(/<(?:\w+:)?xf\b[^>]*>/g)].map(([tag]) => {
    const id = Number(attribute(tag, "numFmtId") ?? 0);
    const code = formats.get(id);
    return code === undefined ? builtInMoments.some(([from, to]) => id >= from && id <= to) : showsMoment(code);
  });
}

/** True when a number format has a part of a date or time outside of quotes, colours and conditions. */
export function showsMoment(code: string): boolean {
  const [first = ""] = code.replaceAll(/"[^"]*"|\\.|_.|\*./g, "").split(";");
  const bare = first.replaceAll(/\[(?!(?:h+|m+|s+)\])[^\]]*\]/gi, "");
  return /[ymdhs]/i.test(bare.replaceAll(/general/gi, ""));
}

function attribute(tag: string, name: string): string | undefined {
  return new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`)
    .exec(tag)
    ?.slice(1)
    .find((value) => value !== undefined);
}
