// What authors may write for "expected by".
import { expect, it } from "vitest";
import { parseExpectedBy } from "./expected-by.ts";

it.each([
  ["24h", { kind: "interval", ms: 86_400_000 }],
  ["07:30 Europe/Berlin", { kind: "daily", hour: 7, minute: 30, zone: "Europe/Berlin", days: [0, 1, 2, 3, 4, 5, 6] }],
  ["mon-fri 23:00 UTC", { kind: "daily", hour: 23, minute: 0, zone: "UTC", days: [1, 2, 3, 4, 5] }],
  [
    "Sat-mon,wed 00:05 America/New_York",
    { kind: "daily", hour: 0, minute: 5, zone: "America/New_York", days: [0, 1, 3, 6] },
  ],
])("%s", (text, expected) => {
  expect(parseExpectedBy(text)).toEqual(expected);
});

it.each([
  "07:30",
  "7:30 UTC",
  "24:00 UTC",
  "07:30 Nowhere/Land",
  "xyz 07:30 UTC",
  "mon-fri-sun 07:30 UTC",
  "0s",
  "soon",
])("refuses %s", (text) => {
  expect(parseExpectedBy(text)).toBeUndefined();
});
