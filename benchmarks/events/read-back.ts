// Once a second an event with a negative key is sent, and read back over REST as soon as the instance has noted the commit that holds it.
import type { EventTable } from "../harness/history.ts";
import type { ServedProcess } from "../harness/served-process.ts";

export interface ReadBack {
  readonly instance: ServedProcess<unknown>;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly channel: string;
  readonly table: EventTable;
}

const everyMs = 1000;

/** @throws Error when an event is not there although its commit was noted */
export async function readBack(to: ReadBack, signal: AbortSignal): Promise<{ sent: number; seen: number }> {
  let sent = 0;
  while (!signal.aborted) {
    sent += 1;
    const end = await send(to, -sent);
    await to.instance.ask("reaches", { channel: to.channel, end });
    if (!(await isThere(to, -sent))) throw new Error(`event ${-sent} of ${to.channel} is committed and cannot be read`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  return { sent, seen: sent };
}

async function send(to: ReadBack, id: number): Promise<number> {
  const event = { event_id: id, device: "dev-00000", kind: "view", amount: 0, happened_at: "2026-06-01T00:00:00Z" };
  const answer = await fetch(`${to.url}/ingest/${to.channel}`, {
    method: "POST",
    headers: { ...to.headers, "content-type": "application/json" },
    body: JSON.stringify(event),
  });
  if (answer.status !== 202) throw new Error(`a marked event was answered with ${answer.status}`);
  return ((await answer.json()) as { offset: number }).offset + 1;
}

async function isThere(to: ReadBack, id: number): Promise<boolean> {
  const path = `/data/bench/${to.table}?select=event_id&event_id=eq.${id}`;
  const answer = await fetch(`${to.url}${path}`, { headers: to.headers });
  return answer.status === 200 && ((await answer.json()) as unknown[]).length === 1;
}
