// One connection to an SFTP server, opened when it is needed and closed when it rests. Nothing is sent before the server has shown the pinned key, which
// is why no rule about private addresses is needed here; every step has a deadline.
import { createHash } from "node:crypto";
import { isMillraceError, MillraceError, parseDurationMs, type ConnectorContext, type SecretRef } from "@millrace/core";
import type * as Ssh from "ssh2";
import type { Client, ConnectConfig, SFTPWrapper } from "ssh2";
import { isEnvRef, isSecretRef, type Setting } from "../../authoring/references.ts";
import type { SftpPlaceOptions } from "./place-config.ts";

/** Rests so long until it is closed. */
const idleMs = 30_000;

export interface SftpConnection {
  readonly sftp: SFTPWrapper;
  /** Rejects a step that takes too long, and closes the connection, since nothing can be said of it any more. */
  readonly step: <T>(what: string, run: (done: Answered<T>) => void) => Promise<T>;
}

type Answered<T> = (error: Error | null | undefined, value?: T) => void;

interface Open extends SftpConnection {
  readonly client: Client;
}

export class SftpSession {
  readonly #context: ConnectorContext;
  readonly #place: SftpPlaceOptions;
  readonly #timeoutMs: number;
  /** Called when the connection closes: what waits for an answer waits no longer. */
  readonly #waiting = new Set<() => void>();
  #open: Promise<Open> | undefined;
  #cancelRest: (() => void) | undefined;

  constructor(context: ConnectorContext, place: SftpPlaceOptions) {
    this.#context = context;
    this.#place = place;
    this.#timeoutMs = parseDurationMs(place.timeout ?? "1m") ?? 0;
  }

  /** `sftp://host:port`, for messages. */
  get name(): string {
    return `sftp://${this.#setting(this.#place.host)}:${this.#place.port ?? 22}`;
  }

  /** @throws MillraceError host-key-mismatch, place-refused, file-inaccessible, secret-missing */
  async connection(): Promise<SftpConnection> {
    this.#cancelRest?.();
    this.#cancelRest = this.#context.clock.after(idleMs, () => void this.close());
    this.#open ??= this.#connect().catch((thrown: unknown) => {
      this.#open = undefined;
      throw thrown;
    });
    return this.#open;
  }

  async close(): Promise<void> {
    this.#cancelRest?.();
    const open = this.#open;
    this.#open = undefined;
    (await open?.catch(() => undefined))?.client.end();
  }

  async #connect(): Promise<Open> {
    const { Client } = await sshLibrary();
    const client = new Client();
    let offered: string | undefined;
    const config = await this.#login();
    const pinned = this.#pinned();
    try {
      const sftp = await this.#deadline<SFTPWrapper>("login", client, (done) => {
        client.on("error", (error) => done(error));
        client.on("close", () => {
          for (const closed of this.#waiting) closed();
        });
        client.on("ready", () => client.sftp(done));
        client.connect({
          ...config,
          hostVerifier: (key: Buffer) => pinned.includes((offered = fingerprintOf(key))),
        });
      });
      const forget = (): void => {
        this.#open = undefined;
      };
      client.on("close", forget);
      return { client, sftp, step: (what, run) => this.#deadline(what, client, run) };
    } catch (thrown) {
      client.destroy();
      throw this.#refused(thrown, { offered, pinned });
    }
  }

  #deadline<T>(what: string, client: Client, run: (done: Answered<T>) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const closed = (): void => settle(() => reject(cut(this.name, "the connection was closed")));
      const cancel = this.#context.clock.after(this.#timeoutMs, () => {
        client.destroy();
        settle(() => reject(cut(this.name, `${what} took longer than ${this.#timeoutMs} ms`)));
      });
      const settle = (end: () => void): void => {
        cancel();
        this.#waiting.delete(closed);
        end();
      };
      this.#waiting.add(closed);
      try {
        run((error, value) => settle(() => (error ? reject(error) : resolve(value as T))));
      } catch (thrown) {
        settle(() => reject(thrown));
      }
    });
  }

  async #login(): Promise<ConnectConfig> {
    const { host, port = 22, username, password, key, passphrase } = this.#place;
    const optional = async (name: string, ref: SecretRef | undefined): Promise<object> =>
      ref === undefined ? {} : { [name]: (await this.#context.secrets.resolve(ref)).reveal() };
    return {
      host: this.#setting(host),
      port,
      username: isSecretRef(username)
        ? (await this.#context.secrets.resolve(username)).reveal()
        : this.#setting(username),
      ...(await optional("password", password)),
      ...(await optional("privateKey", key)),
      ...(await optional("passphrase", passphrase)),
      readyTimeout: this.#timeoutMs,
      keepaliveInterval: 15_000,
      keepaliveCountMax: 3,
    };
  }

  #pinned(): readonly string[] {
    const { hostKey } = this.#place;
    const list: readonly Setting[] = typeof hostKey === "string" || isEnvRef(hostKey) ? [hostKey] : hostKey;
    return list.map((item) => this.#setting(item).replace(/=$/, ""));
  }

  #setting(setting: Setting): string {
    return isEnvRef(setting) ? this.#context.secrets.setting(setting) : setting;
  }

  /** What the library says may quote the login: the message is our own. */
  #refused(
    thrown: unknown,
    { offered, pinned }: { readonly offered: string | undefined; readonly pinned: readonly string[] },
  ): MillraceError {
    if (offered !== undefined && !pinned.includes(offered))
      return new MillraceError(
        "host-key-mismatch",
        `${this.name} shows the key ${offered}; this channel trusts ${pinned.join(", ")}.`,
        { details: { place: this.name, expected: pinned, received: offered } },
      );
    const { level } = thrown as { readonly level?: unknown };
    if (level === "client-authentication")
      return new MillraceError("place-refused", `${this.name} refused the login.`, { details: { place: this.name } });
    if (thrown instanceof Error && /privateKey/i.test(thrown.message))
      return new MillraceError("place-refused", `${this.name}: the private key of the login cannot be read.`, {
        hint: "Check that the secret is a whole OpenSSH, PEM or PPK key, and its passphrase; nothing was sent.",
        details: { place: this.name },
      });
    if (isMillraceError(thrown)) return thrown;
    return cut(this.name, thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** Not installed with Millrace: its packages try to compile native parts when they are installed, which nobody without SFTP should meet. */
async function sshLibrary(): Promise<typeof Ssh> {
  try {
    return await import("ssh2");
  } catch (cause) {
    throw new MillraceError(
      "package-missing",
      'Channels from sftp() need the package "ssh2", which is not installed.',
      {
        hint: "In the project's folder: npm install ssh2@1",
        cause,
      },
    );
  }
}

/** As OpenSSH shows it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

function cut(place: string, reason: string): MillraceError {
  return new MillraceError("file-inaccessible", `${place}: ${reason}`, { details: { path: place, cause: "cut" } });
}
