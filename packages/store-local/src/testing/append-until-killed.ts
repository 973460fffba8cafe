// A process of its own that appends to a log as fast as it can and says on standard output what was acknowledged. Ends by SIGKILL.
import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import { openSqliteEventLog } from "../event-log/event-log.ts";

const [file = "", name = ""] = process.argv.slice(2);
const log = await openSqliteEventLog(file, { walBytesMax: 2 * 1024 * 1024 });

async function client(id: number): Promise<never> {
  for (let sent = 0; ; sent += 1) {
    const text = `${JSON.stringify({ name, id, sent, filler: "x".repeat(200 + ((id * 37 + sent * 101) % 3000)) })}\n`;
    const payload = new TextEncoder().encode(text);
    const { offset } = await log.append({ partition: "a", payload, count: 1, idempotencyKey: `${name}-${id}-${sent}` });
    const hash = createHash("sha256").update(payload).digest("base64");
    // Written at once: what stands here was acknowledged before the kill.
    writeSync(1, `${offset} ${hash}\n`);
    if (id === 0 && sent % 50 === 49) await log.trim("a", offset - 200n > 0n ? offset - 200n : 0n);
  }
}

await Promise.all(Array.from({ length: 8 }, (_, id) => client(id)));
