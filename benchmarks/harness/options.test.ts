// What the command line takes, and what it says to the rest.
import { expect, it } from "vitest";
import { parseOptions, suiteNames, usage } from "./options.ts";

it("takes a suite with the sizes that it has a use for", () => {
  expect(parseOptions(["load"])).toEqual({ suite: "load", size: {}, json: false, strict: false });
  expect(parseOptions(["events", "--rows", "500", "--seconds", "2", "--json"])).toEqual({
    suite: "events",
    size: { rows: 500, seconds: 2 },
    json: true,
    strict: false,
  });
});

it("explains itself: every suite stands in the help", () => {
  expect(parseOptions(["--help"])).toBeUndefined();
  for (const name of suiteNames) expect(usage).toContain(`\n  ${name} `);
});

it.each([
  [[], "A suite is one of load, rest, events, serve, files, boot, quality, validate, smoke; received nothing"],
  [["lod"], 'received "lod"; did you mean "load"?'],
  [["load", "events"], "One suite at a time; received load, events."],
  [["load", "--rows", "0"], '--rows is a whole number above 0; received "0".'],
  [["load", "--seconds", "9"], "--seconds does nothing in the suite load: it takes --rows, --runs."],
  [["smoke", "--rows", "9"], "--rows does nothing in the suite smoke: it has a fixed size."],
  [["load", "--row", "9"], "Unknown option '--row'"],
])("refuses %j and says what is valid", (args, message) => {
  expect(() => parseOptions(args)).toThrowError(
    expect.objectContaining({ code: "request-invalid", message: expect.stringContaining(message) as string }) as Error,
  );
});
