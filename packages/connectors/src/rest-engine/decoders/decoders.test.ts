// Decoders: the same records from every form, and coded errors from bytes that are something else.
import { gzipSync } from "node:zlib";
import { strToU8, zipSync } from "fflate";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Decoder } from "../components.ts";
import type { Answer } from "../request.ts";
import {
  csvDecoder,
  gzipDecoder,
  jsonDecoder,
  jsonItemsDecoder,
  jsonLinesDecoder,
  linesDecoder,
  xmlDecoder,
  zipDecoder,
} from "./decoders.ts";
import { elementExtents, extentAt } from "./json-scan.ts";

function answer(content: string | Uint8Array): Answer {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return { status: 200, headers: { "content-type": "x/y" }, bytes, url: "http://api/x", place: "GET http://api/x" };
}

async function documents(decoder: Decoder, content: string | Uint8Array): Promise<unknown[]> {
  return Array.fromAsync(decoder.documents(answer(content)));
}

describe("decoders", () => {
  it("JSON: as one document, or leniently as many as the list at the root has", async () => {
    expect(await documents(jsonDecoder(), '[{"a":1}]')).toEqual([[{ a: 1 }]]);
    expect(await documents(jsonDecoder(), '{"id":9007199254740993}')).toEqual([{ id: 9007199254740993n }]);
    expect(await documents(jsonDecoder({ lenient: true }), '[{"a":1},{"a":2}]')).toEqual([{ a: 1 }, { a: 2 }]);
    expect(await documents(jsonDecoder({ lenient: true }), "[]")).toEqual([{}]);
    expect(await documents(jsonDecoder({ lenient: true }), "nothing")).toEqual([{}]);
  });

  it("items of one list", async () => {
    const decoder = jsonItemsDecoder({ path: ["data", "users"] });
    expect(await documents(decoder, '{"x":[1,"]"],"data":{"users":[{"a":"}\\""}, 2 ,null]}}')).toEqual([
      { a: '}"' },
      2,
      null,
    ]);
    expect(await documents(decoder, '{"data":{}}')).toEqual([]);
    const latin = jsonItemsDecoder({ path: ["d"], encoding: "iso-8859-1" });
    expect(await documents(latin, Buffer.from('{"d":["é"]}', "latin1"))).toEqual(["é"]);
  });

  it("lines, CSV and XML", async () => {
    expect(await documents(jsonLinesDecoder(), '{"a":1}\r\n\n{"a":2}')).toEqual([{ a: 1 }, { a: 2 }]);
    expect(await documents(jsonLinesDecoder({ lenient: true }), '{"a":1}\nbroken\n')).toEqual([{ a: 1 }]);
    expect(await documents(linesDecoder, "a\nb\n")).toEqual([{ record: "a" }, { record: "b" }]);
    const csv = csvDecoder({ delimiter: ";", nullTexts: ["-"] });
    expect(await documents(csv, 'id;name\n1;"a\nb"\n2;-\n3\n')).toEqual([
      { id: "1", name: "a\nb" },
      { id: "2", name: null },
      { id: "3", name: null },
    ]);
    expect(await documents(xmlDecoder(), '<?xml version="1.0"?><r><i id="1">x</i><i/><n><m>007</m></n></r>')).toEqual([
      { r: { i: [{ "@id": "1", "#text": "x" }, null], n: { m: "007" } } },
    ]);
  });

  it("pass over a byte order mark", async () => {
    expect(await documents(jsonDecoder(), '\uFEFF{"a":1}')).toEqual([{ a: 1 }]);
    expect(await documents(jsonLinesDecoder(), '\uFEFF{"a":1}\n')).toEqual([{ a: 1 }]);
    expect(await documents(jsonItemsDecoder({ path: ["d"] }), '\uFEFF{"d":[1]}')).toEqual([1]);
    expect(await documents(csvDecoder(), "\uFEFFid\n1\n")).toEqual([{ id: "1" }]);
  });

  it("refuse an answer without the list that is required; null is none", async () => {
    const decoder = jsonItemsDecoder({ path: ["data"], required: true });
    expect(await documents(decoder, '{"data":null}')).toEqual([]);
    for (const content of ['{"error":"quota"}', '{"data":{}}'])
      await expect(documents(decoder, content)).rejects.toMatchObject({ code: "upstream-records-missing" });
  });

  it("gzip and zip, around any other", async () => {
    expect(await documents(gzipDecoder(jsonLinesDecoder()), gzipSync('{"a":1}\n'))).toEqual([{ a: 1 }]);
    expect(await documents(gzipDecoder(jsonLinesDecoder()), '{"a":1}\n')).toEqual([{ a: 1 }]);
    const zip = zipSync({ "a.json": strToU8('{"a":1}'), "b.json": strToU8('{"a":2}') });
    expect(await documents(zipDecoder(jsonDecoder()), zip)).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it.each([
    ["JSON", jsonDecoder(), '{"a":'],
    ["JSON", jsonItemsDecoder({ path: ["a"] }), '{"a":[{"b":1}'],
    ["JSON lines", jsonLinesDecoder(), '{"a":1}\n{"a"'],
    ["XML", xmlDecoder(), "<a><b></a>"],
    ["gzip", gzipDecoder(jsonDecoder()), Buffer.from([0x1f, 0x8b, 8, 0, 1, 2])],
    ["zip", zipDecoder(jsonDecoder()), "no archive"],
  ] as const)("refuse what is no %s, without quoting it", async (format, decoder, content) => {
    await expect(documents(decoder, content)).rejects.toMatchObject({
      code: "upstream-not-json",
      message: expect.stringContaining(`something that is not ${format} (x/y`) as string,
    });
  });

  it("refuse what unpacks without end", async () => {
    // A member that claims to hold more than any answer may.
    const zip = zipSync({ "a.json": strToU8("{}") });
    const claims = Buffer.from(zip);
    const central = claims.lastIndexOf(Buffer.from([0x50, 0x4b, 0x01, 0x02]));
    claims.writeUInt32LE(0x7fffffff, central + 24);
    await expect(documents(zipDecoder(jsonDecoder()), claims)).rejects.toMatchObject({ code: "upstream-too-large" });
  });
});

describe("scanning JSON", () => {
  it("finds what a parser finds", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.jsonValue(), fc.constantFrom(0, 2), (list, other, indent) => {
        const bytes = Buffer.from(JSON.stringify({ other, 'a"b': { list } }, null, indent));
        const found = extentAt(bytes, ['a"b', "list"]);
        const elements = Array.from(
          elementExtents(bytes, found?.start ?? 0),
          ({ start, end }) => JSON.parse(bytes.toString("utf8", start, end)) as unknown,
        );
        expect(elements).toEqual(JSON.parse(JSON.stringify(list)));
      }),
    );
  });

  it("notices every cut", () => {
    const whole = Buffer.from('{"a":{"b":[{"c":"x\\"]"},[1,{}],"y"]}}');
    for (let end = 0; end < whole.length - 3; end += 1) {
      const cut = whole.subarray(0, end);
      const read = (): unknown => {
        const found = extentAt(cut, ["a", "b"]);
        return found === undefined ? undefined : [...elementExtents(cut, found.start)];
      };
      expect([end, attempt(read)]).toEqual([end, "SyntaxError"]);
    }
  });
});

function attempt(work: () => unknown): unknown {
  try {
    return work() ?? "SyntaxError";
  } catch (thrown) {
    return (thrown as Error).name;
  }
}
