// A process that is killed while it appends loses nothing that it acknowledged, and leaves a log that goes on.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SeededRandom } from "@millrace/core/testing";
import { expect, it } from "vitest";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { openSqliteEventLog } from "./event-log.ts";

const script = fileURLToPath(new URL("../testing/append-until-killed.ts", import.meta.url));

/** Runs until `lines` acknowledgements were seen and a little longer, then kills. */
function appendAndKill(file: string, name: string, options: { lines: number; afterMs: number }): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--conditions=millrace-source", script, file, name], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let errors = "";
    let due = false;
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (due || output.split("\n").length <= options.lines) return;
      due = true;
      setTimeout(() => child.kill("SIGKILL"), options.afterMs);
    });
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    child.on("close", (_code, signal) => {
      if (signal !== "SIGKILL") reject(new Error(`ended by itself: ${errors}`));
      else resolve(output.split("\n").slice(0, -1));
    });
  });
}

it("keeps every acknowledged append over kills at random moments", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "log.sqlite");
  const random = new SeededRandom(1);
  const acknowledged = new Map<string, string>();
  let next = 0n;
  for (let kill = 0; kill < 4; kill += 1) {
    for (const line of await appendAndKill(file, `run${kill}`, {
      lines: 100 + random.int(300),
      afterMs: random.int(40),
    })) {
      const [offset = "", hash = ""] = line.split(" ");
      expect(acknowledged.has(offset)).toBe(false);
      expect(BigInt(offset)).toBeGreaterThanOrEqual(next);
      acknowledged.set(offset, hash);
    }
    const log = await openSqliteEventLog(file);
    const range = await log.range("a");
    const stored = new Map<string, string>();
    for (const entry of await log.read("a", range.first, { bytesMax: 100_000_000 })) {
      stored.set(String(entry.offset), createHash("sha256").update(entry.payload).digest("base64"));
    }
    expect(stored.size).toBe(Number(range.next - range.first));
    for (const [offset, hash] of acknowledged) {
      expect(BigInt(offset)).toBeLessThan(range.next);
      if (BigInt(offset) >= range.first) expect(stored.get(offset)).toBe(hash);
    }
    next = range.next;
    await log.close();
  }
  expect(acknowledged.size).toBeGreaterThan(400);
}, 60_000);
