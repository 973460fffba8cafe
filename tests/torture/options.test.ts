// What the command line takes, and what it says to the rest.
import { expect, it } from "vitest";
import { parseOptions } from "./options.ts";

it("has defaults for everything", () => {
  expect(parseOptions([])).toEqual({
    kills: 50,
    seed: 1,
    mode: "both",
    channel: "all",
    takeOver: false,
    json: false,
    keep: false,
  });
  expect(parseOptions(["--help"])).toBeUndefined();
  expect(parseOptions(["--at", "log.sync, raw.put"])).toMatchObject({ at: ["log.sync", "raw.put"] });
});

it.each([
  [["--kills", "0"], 'whole number from 1 to 100000; received "0"'],
  [["--seed", "x"], 'received "x"'],
  [["--mode", "powercut"], 'did you mean "power-cut"?'],
  [["--at", "log.sink"], "--at is one of raw.put"],
  [["--plant", "bug"], "ledger-apart"],
  [["--lives", "9"], "--lives"],
  [["--channel", "files", "--at", "raw.put,log.sync"], "--at log.sync is never reached with --channel files"],
  [["--mode", "kill", "--plant", "objects-unsynced"], "shows in power cuts alone; received --mode kill"],
  [["--channel", "files", "--plant", "tokens-late"], "a bug of APIs; received --channel files"],
  [["--channel", "all", "--at", "rest.page"], "--at rest.page is never reached with --channel all"],
  [["--channel", "rest", "--plant", "early-trim"], "a bug of the event log; received --channel rest"],
])("refuses %j and says what is valid", (args, message) => {
  expect(() => parseOptions(args)).toThrowError(
    expect.objectContaining({ code: "request-invalid", message: expect.stringContaining(message) as string }) as Error,
  );
});
