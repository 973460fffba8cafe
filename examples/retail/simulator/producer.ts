// Posts events in requests of 100 with idempotency keys; now and then the same request goes out twice, as after a lost answer.
import type { UpstreamRecord } from "./shape.ts";

export interface ProducerReport {
  readonly requests: number;
  readonly repeated: number;
  /** Codes that the ingress gave early, and how often: they must equal what the loader decides. */
  readonly earlyCodes: Readonly<Record<string, number>>;
}

interface Receipt {
  readonly received: number;
  readonly rejected: readonly { readonly codes: readonly string[] }[];
  readonly repeated: boolean;
}

const eventsPerRequest = 100;
const inFlight = 8;

export async function produce(
  target: { readonly url: string; readonly token: string; readonly channel: string },
  events: readonly UpstreamRecord[],
  seed: number,
): Promise<ProducerReport> {
  const earlyCodes: Record<string, number> = {};
  let repeated = 0;
  const requests = Math.ceil(events.length / eventsPerRequest);
  const send = async (at: number): Promise<Receipt> => {
    const body = events
      .slice(at * eventsPerRequest, (at + 1) * eventsPerRequest)
      .map((event) => `${JSON.stringify(event)}\n`);
    const receipt = await post(target, body.join(""), `seed-${seed}-${at}`);
    if (receipt.repeated) repeated += 1;
    return receipt;
  };
  for (let from = 0; from < requests; from += inFlight) {
    const group = Array.from({ length: Math.min(inFlight, requests - from) }, (_, at) => from + at);
    for (const receipt of await Promise.all(group.map(send))) {
      for (const code of receipt.rejected.flatMap((one) => one.codes)) earlyCodes[code] = (earlyCodes[code] ?? 0) + 1;
    }
    if (from % (inFlight * 12) === 0) await send(from);
  }
  return { requests, repeated, earlyCodes };
}

async function post(
  target: { readonly url: string; readonly token: string; readonly channel: string },
  body: string,
  key: string,
): Promise<Receipt> {
  const response = await fetch(`${target.url}/ingest/${target.channel}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${target.token}`,
      "content-type": "application/x-ndjson",
      "idempotency-key": key,
    },
    body,
  });
  if (response.status !== 202)
    throw new Error(`${target.channel}: expected 202, received ${response.status}: ${await response.text()}`);
  return (await response.json()) as Receipt;
}
