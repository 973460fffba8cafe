// Request bodies of known content, made before the measurement: what was acknowledged is compared with the table by count and sum.

export type BodyFormat = "json" | "ndjson";

export interface EventBody {
  readonly bytes: Buffer;
  readonly events: number;
  /** Sum of `amount`, in hundredths. */
  readonly cents: number;
}

const kinds = ["open", "click", "view", "close"];
const startMs = Date.UTC(2026, 0, 1);

/** One event with this number as key; everything else follows from it. */
function eventOf(id: number): { readonly text: string; readonly cents: number } {
  const cents = (id * 7919) % 1_000_000;
  const device = `dev-${String((id * 31) % 100_000).padStart(5, "0")}`;
  const happened = new Date(startMs + (id % 31_536_000) * 1000).toISOString();
  const note = id % 5 === 0 ? "" : `,"note":"note ${id % 1000}"`;
  const amount = (cents / 100).toFixed(2);
  const text = `{"event_id":${id},"device":"${device}","kind":"${kinds[id % 4]}","amount":${amount},"happened_at":"${happened}"${note}}`;
  return { text, cents };
}

/** A body of the events that these numbers name. */
export function bodyOf(ids: readonly number[], format: BodyFormat): EventBody {
  const all = ids.map(eventOf);
  const texts = all.map((event) => event.text);
  const text = format === "json" ? `[${texts.join(",")}]` : `${texts.join("\n")}\n`;
  return {
    bytes: Buffer.from(text),
    events: ids.length,
    cents: all.reduce((sum, event) => sum + event.cents, 0),
  };
}

/** `count` bodies of `size` events each, numbered from `first` on. */
export function bodiesOf(
  count: number,
  { size, first, format }: { readonly size: number; readonly first: number; readonly format: BodyFormat },
): readonly EventBody[] {
  return Array.from({ length: count }, (_none, at) =>
    bodyOf(
      Array.from({ length: size }, (_also, index) => first + at * size + index),
      format,
    ),
  );
}

export const mediaTypes: Readonly<Record<BodyFormat, string>> = {
  json: "application/json",
  ndjson: "application/x-ndjson",
};
