// An opened platform with its server: on the owner's socket for other commands, and on TCP where it serves applications.
import { join } from "node:path";
import { createServer } from "@millrace/server";
import type { Logger } from "@millrace/core";
import type { StartOptions } from "@millrace/runtime";
import { openPlatform, type OpenedPlatform, type OpenPlatformOptions } from "../open-platform.ts";
import { packageVersion } from "../package-version.ts";
import { adminToken, type AdminToken } from "./admin-token.ts";
import { bodyBytesMaxOf } from "./body-bytes-max.ts";
import { Closers } from "./closers.ts";

export interface InstanceOptions extends OpenPlatformOptions {
  /** Address for applications; only the owner's socket when absent. */
  readonly listen?: { readonly host: string; readonly port: number };
  /** How the platform starts; not at all when false (`query`, `plan`, `backup` need no running channels). */
  readonly start: StartOptions | false;
  /** Called when a client asks the instance to stop. */
  readonly onStop?: () => void;
  readonly log: Logger;
}

export interface Instance extends AsyncDisposable {
  readonly opened: OpenedPlatform;
  readonly token: AdminToken;
  /** `http://127.0.0.1:8080`; absent without `listen`. */
  readonly address?: string;
  close(): Promise<void>;
}

/**
 * Opens, starts and serves. When it rejects, everything that was opened is closed again.
 *
 * @throws MillraceError port-in-use, and what openPlatform and Platform.start throw
 */
export async function serveInstance(options: InstanceOptions): Promise<Instance> {
  const closers = new Closers();
  try {
    const opened = await openPlatform(options);
    closers.add(() => opened.close());
    const token = await adminToken(opened.folder.path);
    if (options.start !== false) await opened.platform.start(options.start);
    const server = await createServer({
      platform: opened.platform,
      metrics: opened.metrics,
      cache: opened.cache,
      token: token.value,
      ownerToken: opened.folder.owner.token,
      version: packageVersion(),
      bodyBytesMax: bodyBytesMaxOf(options.project),
      spillFolder: join(opened.folder.path, "tmp", "answers"),
      log: options.log,
      operations: {
        backup: (folder, { onProgress }) => opened.backup(folder, onProgress),
        check: (project) => opened.check(project),
        stop: () => options.onStop?.(),
      },
    });
    closers.add(() => server.close());
    await server.listen({ socket: opened.folder.owner.socketPath });
    const address = options.listen === undefined ? undefined : (await server.listen(options.listen)).address;
    const close = (): Promise<void> => closers.close();
    return { opened, token, close, [Symbol.asyncDispose]: close, ...(address === undefined ? {} : { address }) };
  } catch (thrown) {
    await closers.close().catch((error: unknown) => options.log.warn("Closing failed.", { error: String(error) }));
    throw thrown;
  }
}
