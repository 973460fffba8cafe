// Templates give what the reference implementation gives: cases with their results as Python prints them are data, so that no Python is needed.
import { readFileSync } from "node:fs";
import { isMillraceError, MillraceError, parseExact } from "@millrace/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonValue, Templates } from "./interpolation.ts";
import { notLiteral, readLiteral } from "./python-literal.ts";
import { repr } from "./python-text.ts";

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
      return templates.value(template, { place: "streams[0].path (line 7)" })({ config: { n: 3 } });
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
