// Decides whom a command talks to: the instance that owns the data folder, or, when there is none, a platform that it opens for itself.
import { setTimeout as sleep } from "node:timers/promises";
import { isMillraceError, MillraceError, silentLogger, type ProjectDefinition } from "@millrace/core";
import { readOwner } from "@millrace/store-local";
import type { StartOptions } from "@millrace/runtime";
import type { Admin } from "./admin.ts";
import { AdminClient, OwnerGone } from "./admin-client.ts";
import { remoteAdmin } from "./remote-admin.ts";

export interface SessionOptions {
  readonly dataFolder: string;
  /** Runs the author's code; called only when this process must open the platform itself. */
  readonly project: () => Promise<ProjectDefinition>;
  /** How an own platform starts; not at all when false. */
  readonly start: StartOptions | false;
}

/** An owner that is just starting or just ending is tried again for this long. */
const TAKEOVER_TIMEOUT_MS = 10_000;
const RETRY_MS = 100;

/**
 * Runs `work` with the owner of the data folder. When the owner ends in the meantime, or comes between, the work is begun again with the next one;
 * everything that commands ask for may be asked twice.
 *
 * @throws MillraceError data-folder-locked when an owner exists but does not answer
 */
export async function withAdmin<T>(options: SessionOptions, work: (admin: Admin) => Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + TAKEOVER_TIMEOUT_MS;
  for (;;) {
    const owner = await readOwner(options.dataFolder);
    try {
      if (owner !== undefined) return await work(remoteAdmin(new AdminClient(owner)));
      return await withOwnPlatform(options, work);
    } catch (error) {
      const moved = error instanceof OwnerGone || (owner === undefined && isMillraceError(error, "data-folder-locked"));
      if (!moved) throw error;
      if (performance.now() > deadlineMs)
        throw error instanceof MillraceError ? error : notAnswering(options.dataFolder, owner?.pid, error);
    }
    await sleep(RETRY_MS);
  }
}

/** Over its own socket, as any other client: one way to answer, and a second command that comes meanwhile is served as well. */
async function withOwnPlatform<T>(options: SessionOptions, work: (admin: Admin) => Promise<T>): Promise<T> {
  const [project, { serveInstance }] = await Promise.all([options.project(), import("../instance/serve-instance.ts")]);
  const { dataFolder, start } = options;
  await using instance = await serveInstance({ project, dataFolder, start, log: silentLogger });
  return await work(remoteAdmin(new AdminClient(instance.opened.folder.owner)));
}

function notAnswering(folder: string, pid: number | undefined, cause: unknown): MillraceError {
  return new MillraceError("data-folder-locked", `${folder} is owned by process ${pid}, which does not answer.`, {
    hint: "Wait until it has ended, or end it.",
    cause,
  });
}
