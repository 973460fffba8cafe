// Templates give what the reference implementation gives: cases with their results as Python prints them are data, so that no Python is needed.
import { readFileSync } from "node:fs";
import { isMillraceError, MillraceError, parseExact } from "@millrace/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDatetime } from "./dates/cursor-format.ts";
import { jsonValue, Templates } from "./interpolation.ts";
import { notLiteral, readLiteral } from "./python-literal.ts";
import { repr } from "./python-text.ts";
import { PyFloat, PySet, PythonError } from "./python-values.ts";

interface Case {
  readonly form: "value" | "text" | "condition";
  readonly template: string;
  readonly result?: string;
  readonly error?: string;
}

interface Golden {
  readonly context: Readonly<Record<string, unknown>>;
  readonly cases: readonly Case[];
}

const text = readFileSync(new URL("testing/reference-cases.json", import.meta.url), "utf8");
const { cases } = parseExact(text) as Golden;
const nowMicros = 1_710_074_096_789_012n;
const templates = new Templates({ nowMicros: () => nowMicros, uuid: () => "5a8e0f4e-0000-4000-8000-000000000000" });

function evaluate(
  { form, template }: Pick<Case, "form" | "template">,
  context: Readonly<Record<string, unknown>>,
): unknown {
  const place = { place: "test" };
  if (form === "condition") return templates.condition(template, "test")(context);
  return form === "text" ? templates.text(template, place)(context) : templates.value(template, place)(context);
}

describe("every case of the reference", () => {
  test.each(cases)("$form $template", (one) => {
    // Templates may change lists and dicts of their context.
    const { context } = parseExact(text) as Golden;
    if (one.result !== undefined) expect(repr(evaluate(one, context))).toBe(one.result);
    else expect(() => evaluate(one, context)).toThrow(MillraceError);
  });
});

test("any JSON value survives the way through a template", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const result = templates.value("{{ config.x }}{# as text #}", { place: "test" })({ config: { x: [value, 1] } });
      expect(repr(result)).toBe(repr([value, 1]));
    }),
  );
});

test("what repr prints, the literal reader reads back", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const read = readLiteral(repr(value));
      expect(read).not.toBe(notLiteral);
      expect(repr(read)).toBe(repr(value));
    }),
  );
});

test("no text makes the parser or the literal reader hang or throw anything but a coded error", () => {
  const pieces = fc.constantFrom(
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "if",
    "for",
    "x",
    "in",
    "(",
    ")",
    "[",
    "]",
    "'",
    "|",
    ".",
    " ",
    "\n",
    "1",
    "\\",
    "endif",
    "set",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
      try {
        templates.value(parts.join(""), { place: "test" })({ x: 1 });
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(MillraceError);
      }
    }),
    { numRuns: 500 },
  );
});

describe("limits", () => {
  const fails = (template: string): unknown => {
    try {
      return templates.value(template, { place: "streams[0].path (line 7)" })({ config: { n: 3, l: [] } });
    } catch (thrown) {
      return thrown;
    }
  };

  test.each([
    "{{ 'x' * 100000000 }}",
    "{{ 9999 ** 9999 }}",
    "{{ [1] * 100000000 }}",
    "{% for a in 'x' * 2000 %}{% for b in 'x' * 2000 %}{{ b }}{% endfor %}{% endfor %}",
    `{{ ${"(".repeat(500)}1${")".repeat(500)} }}`,
    "{{ '%1000000000d' % 1 }}",
    "{{ 'x'.ljust(1000000000) }}",
    "{{ 'a\tb'.expandtabs(1000000000) }}",
    "{{ [1]|batch(100000000, 0)|length }}",
    "{{ [1]|slice(100000000)|length }}",
    "{{ ('\n' * 100000)|indent(1000, blank=true) }}",
    "{{ [1]|tojson(100000000) }}",
    "{{ ('%(a)s' * 20000) % {'a': 'x' * 1000} }}",
    "{{ ('{0}' * 20000).format('x' * 1000) }}",
    "{{ ('x' * 20000)|regex_replace('x', 'y' * 1000) }}",
    "{{ now_utc().strftime('%999d' * 20000) }}",
    `{% set a = 'x' * 4000000 %}{{ ${Array.from({ length: 200 }, () => "a").join(" ~ ")} }}`,
    `{{ ('"' * 1000000)${"|tojson".repeat(12)} }}`,
    `{% set t = (1, 2) %}${"{% set t = t + t %}".repeat(40)}{{ t|length }}`,
    `{% set a = [1] %}${"{% set a = [a, a] %}".repeat(40)}{{ a }}`,
    "{{ [config.l.append(config.l), config.l.append(config.l), config.l] }}",
    "{% set a = [1] %}{% set b = [1] %}{% set _ = a.append(b) %}{% set _ = b.append(a) %}{{ a == b }}",
  ])("%s is refused", (template) => {
    const thrown = fails(template);
    expect(isMillraceError(thrown)).toBe(true);
    expect(String(thrown)).toContain("line 7");
  });

  test("nothing of JavaScript can be reached", () => {
    for (const name of ["constructor", "__proto__", "prototype", "toString", "call", "apply", "caller"])
      expect(
        templates.value(`{{ config.${name} }}|{{ config['${name}'] }}|{{ 'x'.${name} }}`, { place: "test" })({
          config: {},
        }),
      ).toBe("||");
  });
});

test("long text from an upstream takes time in proportion to its length", () => {
  const record = {
    words: "ab ".repeat(100_000),
    tags: "<".repeat(300_000),
    set: `{${Array.from({ length: 60_000 }, (_, at) => at).join(",")}}`,
  };
  const value = (template: string): unknown => templates.value(template, { place: "test" })({ record });
  const started = performance.now();
  expect(value("{{ record.words.split()|length }}")).toBe(100_000);
  expect(value("{{ (record.tags|striptags)|length }}")).toBe(300_000);
  expect(value("{{ record.set }}")).toBeInstanceOf(PySet);
  // Each alone took from ten seconds to minutes when it looked at the rest of the text for each part.
  expect(performance.now() - started).toBeLessThan(15_000);
});

test("a type that the result must have: a dict may have any keys", () => {
  const dict = templates.value("{{ config }} ", { place: "test", validTypes: ["dict"] });
  expect(dict({ config: { items: [1], value: 2 } })).toEqual({ items: [1], value: 2 });
});

test("constant lists are no shared state", () => {
  const constant = templates.value("[1]", { place: "test" });
  (constant({}) as unknown[]).push(2);
  expect(constant({})).toEqual([1]);
});

test("zones of other dates are taken over, not passed by", () => {
  const one = "str_to_datetime('2024-01-01T00:00:00Z')";
  const zone = "format_datetime('2024-01-01T00:00:00+02:00', '%z', '%Y-%m-%dT%H:%M:%S%z')";
  const value = (template: string): unknown => templates.value(template, { place: "test" })({});
  expect(value(`{{ ${one}.replace(tzinfo=none).replace(tzinfo=now_utc().tzinfo).isoformat() }}`)).toBe(
    "2024-01-01T00:00:00+00:00",
  );
  expect(value(`{{ ${one}.astimezone('UTC+02:00').isoformat() }}`)).toBe("2024-01-01T02:00:00+02:00");
  expect(value(`{{ ${zone} }}`)).toBe("+0200");
});

test("cursor values that are floats without a fraction read as those with one", () => {
  expect(parseDatetime(new PyFloat(1_700_000_000), "%s").text()).toBe("2023-11-14 22:13:20+00:00");
  for (const value of ["Infinity", "0x10", "", "."])
    expect(() => parseDatetime(value, "%s_as_float")).toThrow(PythonError);
  expect(parseDatetime("1.7e9", "%s_as_float").text()).toBe("2023-11-14 22:13:20+00:00");
});

test("a fraction of zero survives into JSON", () => {
  expect(JSON.stringify(jsonValue(templates.value("{{ [4 / 2, 1, (1, 2)] }}", { place: "test" })({})))).toBe(
    "[2.0,1,[1,2]]",
  );
});

test("a uuid and the time come from outside", () => {
  expect(templates.value("{{ generate_uuid() }} {{ now_utc().strftime('%s') }}", { place: "test" })({})).toBe(
    "5a8e0f4e-0000-4000-8000-000000000000 1710074096",
  );
});
