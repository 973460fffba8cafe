// From YAML to resolved components: references, inheritance, types, YAML 1.1, and faults with their lines.
import fc from "fast-check";
import { MillraceError } from "@millrace/core";
import { describe, expect, test } from "vitest";
import { loadManifest } from "./load-manifest.ts";
import type { Component } from "./source-lines.ts";

const head = "version: 6.0.0\ncheck: { stream_names: [a] }\n";

function stream(fields = "", requester = "url_base: https://x, path: /a"): string {
  return `${head}streams:
  - name: a
    ${fields}
    retriever:
      requester: { ${requester} }
      record_selector: { extractor: { field_path: [data] } }
`;
}

function load(text: string): Component {
  return loadManifest(text, "source-x.yaml").root;
}

function fault(text: string): string {
  try {
    load(text);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(MillraceError);
    return (thrown as MillraceError).message;
  }
  return "no fault";
}

function first(root: Component): Component {
  return (root["streams"] as Component[])[0] as Component;
}

test("types that are left out come from where a component stands", () => {
  const one = first(load(stream()));
  expect(one).toMatchObject({
    type: "DeclarativeStream",
    retriever: {
      type: "SimpleRetriever",
      requester: { type: "HttpRequester" },
      record_selector: { extractor: { type: "DpathExtractor" } },
    },
  });
});

test("a reference takes its target, keys beside it win, and references in the target are followed", () => {
  const text = `${stream('$ref: "#/definitions/base"')}definitions:
  base: { primary_key: id, transformations: "#/definitions/steps", $parameters: { path: /base } }
  steps:
    - { type: KeysToLower }
`;
  expect(first(load(text))).toMatchObject({ name: "a", primary_key: "id", transformations: [{ type: "KeysToLower" }] });
});

test("parameters go down to every component; what stands there wins, unless it is empty", () => {
  const one = first(load(stream("$parameters: { path: /given, http_method: POST }", "url_base: https://x, path: ''")));
  expect(one["retriever"]).toMatchObject({
    requester: { path: "/given", http_method: "POST", $parameters: { path: "/given" } },
  });
  expect(first(load(stream("$parameters: { path: /given }")))["retriever"]).toMatchObject({
    requester: { path: "/a" },
  });
});

test("schemas are no components: parameters stay out of them", () => {
  const text = stream(
    "$parameters: { title: x }\n    schema_loader: { type: InlineSchemaLoader, schema: { type: object, properties: { type: { type: string } } } }",
  );
  expect((first(load(text))["schema_loader"] as Component)["schema"]).toEqual({
    type: "object",
    properties: { type: { type: "string" } },
  });
});

test("YAML 1.1, as the reference reads it: words that are booleans, octal numbers, merge keys, floats with their fraction", () => {
  const text = `${stream()}metadata:
  <<: { a: 1, b: 1 }
  b: yes
  c: 010
  d: 1.0
  e: 2024-01-01
  on: off
`;
  expect(JSON.stringify(load(text)["metadata"])).toBe('{"a":1,"b":true,"c":8,"d":1,"e":"2024-01-01","on":false}');
});

describe("faults name file, line and what would be valid", () => {
  test.each([
    [
      "an unknown type",
      stream("incremental_sync: { type: DatetimeBasedCursr }"),
      /source-x\.yaml:5: streams\[0\]\.incremental_sync: there is no component "DatetimeBasedCursr"; did you mean "DatetimeBasedCursor"/,
    ],
    [
      "a type in the wrong place",
      stream("incremental_sync: { type: JsonDecoder }"),
      /source-x\.yaml:5: .*a JsonDecoder cannot stand here; DatetimeBasedCursor or IncrementingCountCursor may/,
    ],
    [
      "a field that is missing",
      `${head}streams:\n  - name: a\n`,
      /source-x\.yaml:4: streams\[0\]: DeclarativeStream needs "retriever"/,
    ],
    [
      "a value of the wrong kind",
      stream("", "url_base: 5"),
      /source-x\.yaml:7: .*"url_base" is string; received a number/,
    ],
    [
      "a reference to nothing",
      stream('$ref: "#/definitions/bse"') + "definitions: { base: {} }\n",
      /source-x\.yaml:5: the reference "#\/definitions\/bse" points to nothing: there is no "bse"; did you mean "base"/,
    ],
    [
      "a reference in a circle",
      stream('$ref: "#/definitions/a"') + 'definitions: { a: "#/definitions/b", b: "#/definitions/a" }\n',
      /leads back to itself/,
    ],
    [
      "an alias of nothing",
      `${head}x: 1\nstreams: *missing\n`,
      /source-x\.yaml:4: .*the alias \*missing names nothing before it/,
    ],
    [
      "a list for a choice",
      stream("", "url_base: https://x, path: /a, http_method: [GET]"),
      /source-x\.yaml:7: .*"http_method" is enum\(GET,POST\); received a list/,
    ],
    ["a float for text", stream("", "url_base: 5.0"), /"url_base" is string; received a number/],
    ["neither streams nor templates", head, /neither "streams" nor "dynamic_streams"/],
    ["broken YAML", `${head}streams: [`, /source-x\.yaml:\d+: the manifest cannot be read/],
    ["no mapping", "- a\n", /holds no mapping/],
  ])("%s", (_name, text, message) => {
    expect(fault(text)).toMatch(message);
  });
});

test("aliases and references cannot blow up", () => {
  const two = (at: number): string => `"#/definitions/l${at}", "#/definitions/l${at}"`;
  const levels = Array.from(
    { length: 30 },
    (_, at) => `  l${at + 1}: { type: CompositeErrorHandler, error_handlers: [${two(at)}] }`,
  ).join("\n");
  const text = `${stream()}definitions:\n  l0: { type: DefaultErrorHandler }\n${levels}\n`;
  expect(fault(text)).toMatch(/unfolds to more than/);
});

test("a long chain of references is refused, many aliases are quick", () => {
  const chain = Array.from({ length: 2000 }, (_, at) => `  d${at}: "#/definitions/d${at + 1}"`).join("\n");
  expect(fault(`${stream()}definitions:\n${chain}\n  d2000: 1\n`)).toMatch(/nested deeper than 400/);
  const aliases = Array.from({ length: 3000 }, (_, at) => `  - &a${at} { a: ${at} }\n  - *a${at}`).join("\n");
  const started = performance.now();
  const root = load(
    `${stream()}metadata:\n  x: &x 1\n  y: *x\n  z: &x 2\n  again: *x\ndefinitions:\n  all:\n${aliases.replaceAll(/^/gm, "  ")}\n`,
  );
  expect(root["metadata"]).toEqual({ x: 1, y: 1, z: 2, again: 2 });
  expect((root["definitions"] as { all: unknown[] }).all.slice(-2)).toEqual([{ a: 2999 }, { a: 2999 }]);
  // Looking through the document for each alias took half a minute.
  expect(performance.now() - started).toBeLessThan(15_000);
});

test("any text gives a manifest or a coded error", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom(
          "streams:",
          "\n",
          "  ",
          "- ",
          "a: ",
          "&a ",
          "*a",
          "{",
          "}",
          "[",
          "]",
          "$ref: ",
          '"#/a"',
          "1",
          "<<: ",
        ),
        { maxLength: 25 },
      ),
      (parts) => {
        expect(fault(parts.join(""))).not.toBe("");
      },
    ),
  );
});
