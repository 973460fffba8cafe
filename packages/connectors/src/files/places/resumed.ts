// A download that survives cut connections: it goes on where it stopped, as long as each try brings something new.
import { backoffMs, defaultBackoff, isMillraceError, MillraceError, type ConnectorContext } from "@millrace/core";
import type { FoundFile } from "./place.ts";

/** Tries without a single new byte, and tries in all. */
const triesMax = { idle: 4, all: 200 } as const;

interface ResumeOptions {
  readonly bytesMax: number;
  readonly context: Pick<ConnectorContext, "clock" | "random" | "log">;
  readonly signal: AbortSignal;
}

/**
 * @param from bytes of the file from an offset on
 * @throws MillraceError file-inaccessible when tries do not help; file-changed when the size is another; file-unreadable beyond bytesMax
 */
export async function* resumed(
  file: FoundFile,
  from: (offset: number) => AsyncIterable<Uint8Array>,
  { bytesMax, context, signal }: ResumeOptions,
): AsyncGenerator<Uint8Array> {
  let offset = 0;
  let idle = 0;
  for (let tries = 1; ; tries += 1) {
    const before = offset;
    try {
      for await (const piece of from(offset)) {
        offset += piece.byteLength;
        if (offset > bytesMax) throw tooLarge(file, bytesMax);
        yield piece;
      }
      break;
    } catch (thrown) {
      idle = offset > before ? 0 : idle + 1;
      if (signal.aborted || !isWorthATry(thrown)) throw thrown;
      if (idle >= triesMax.idle || tries >= triesMax.all) throw givenUp(file, thrown);
      context.log.info("a download goes on where it was cut off", {
        path: file.path,
        bytes: offset,
        reason: String(thrown),
      });
      await context.clock.sleep(backoffMs(defaultBackoff, idle, context.random), signal);
    }
  }
  if (file.size >= 0 && offset !== file.size)
    throw new MillraceError(
      "file-changed",
      `${file.path} changed while it was read: ${offset} of ${file.size} bytes came.`,
      {
        details: { path: file.path },
      },
    );
}

/** Connections and servers that fail; what says something about the file itself is final. */
function isWorthATry(thrown: unknown): boolean {
  if (!isMillraceError(thrown)) return false;
  const status = Number(thrown.details?.["status"] ?? 0);
  if (thrown.code === "file-inaccessible")
    return status >= 500 || status === 429 || thrown.details?.["cause"] === "cut";
  return thrown.code === "upstream-unavailable" || thrown.code === "deadline-exceeded";
}

function givenUp(file: FoundFile, thrown: unknown): MillraceError {
  if (isMillraceError(thrown, "file-inaccessible")) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new MillraceError("file-inaccessible", `${file.path} cannot be read: ${reason}`, {
    details: { path: file.path },
    cause: thrown,
  });
}

function tooLarge(file: FoundFile, bytesMax: number): MillraceError {
  return new MillraceError("file-unreadable", `${file.path} is larger than ${bytesMax} bytes.`, {
    hint: "Raise bytesMax of the channel's place, or deliver smaller files; nothing of it was loaded.",
    details: { path: file.path, bytesMax },
  });
}
