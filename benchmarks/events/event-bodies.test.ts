// What is compared with the table is what the bodies hold.
import { expect, it } from "vitest";
import { bodiesOf, bodyOf } from "./event-bodies.ts";

interface Event {
  readonly event_id: number;
  readonly amount: number;
}

it.each(["json", "ndjson"] as const)("knows count and sum of a body of %s", (format) => {
  const body = bodyOf([5, 77, 1_000_003], format);
  const text = body.bytes.toString();
  const lines =
    format === "json"
      ? (JSON.parse(text) as Event[])
      : text
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as Event);
  expect(lines.map((event) => event.event_id)).toEqual([5, 77, 1_000_003]);
  expect([body.events, body.cents]).toEqual([3, Math.round(lines.reduce((sum, event) => sum + event.amount * 100, 0))]);
});

it("numbers the events of several bodies on", () => {
  const bodies = bodiesOf(3, { size: 2, first: 10, format: "json" });
  const ids = bodies.flatMap((body) => (JSON.parse(body.bytes.toString()) as Event[]).map((event) => event.event_id));
  expect(ids).toEqual([10, 11, 12, 13, 14, 15]);
});
