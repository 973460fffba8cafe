// Secrets that upstreams issued, one small file each in a folder that only the owner reads. Written whole and synced, so that a token that was
// exchanged is never lost with the process.
import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { KeptSecrets } from "@millrace/core";
import { diskSync } from "../files/disk-sync.ts";
import { fileError, systemCode } from "../files/file-errors.ts";
import { writeFileDurably } from "../files/write-file.ts";
import { SealedValue } from "./sealed-value.ts";

/** The folder is made with the first value. Writes take turns. */
export function createKeptSecrets(folder: string): KeptSecrets {
  let turn: Promise<unknown> = Promise.resolve();
  // A name may hold anything; its hash is a file name everywhere.
  const pathOf = (name: string): string => join(folder, createHash("sha256").update(name).digest("hex"));
  const write = async (name: string, value: string): Promise<void> => {
    const path = pathOf(name);
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      // The folder itself must be there after a power cut too.
      await diskSync.folder(dirname(folder));
    } catch (thrown) {
      throw fileError(thrown, folder);
    }
    await writeFileDurably(path, value);
  };
  return {
    async get(name) {
      try {
        return new SealedValue(await readFile(pathOf(name), "utf8"));
      } catch (thrown) {
        if (systemCode(thrown) === "ENOENT") return undefined;
        throw fileError(thrown, folder);
      }
    },
    put(name, value) {
      const mine = turn.then(() => write(name, value));
      turn = mine.catch(() => undefined);
      return mine;
    },
  };
}
