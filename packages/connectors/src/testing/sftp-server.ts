// A real SSH server with SFTP on a local folder, for tests: wrong logins, cut connections and changed keys included.
import {
  closeSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  readdirSync,
  renameSync,
  statSync,
  unlinkSync,
  type Stats,
} from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import ssh from "ssh2";
import type { Attributes, Connection, SFTPWrapper } from "ssh2";
import { fingerprintOf } from "../files/places/sftp-session.ts";

const { Server, utils } = ssh;
const { STATUS_CODE } = utils.sftp;

export interface SftpServer extends AsyncDisposable {
  readonly port: number;
  /** Fingerprint of its key. */
  readonly hostKey: string;
  readonly logins: string[];
  /** Bytes that were read from it. */
  bytesRead: number;
  /** Cuts every connection when so many bytes were read; once. */
  cutAfterBytes: number | undefined;
}

export interface SftpServerOptions {
  readonly folder: string;
  readonly password?: string;
  /** Public key that may log in. */
  readonly publicKey?: string;
}

export interface KeyPair {
  readonly private: string;
  readonly public: string;
}

export function newKeyPair(): KeyPair {
  return utils.generateKeyPairSync("ed25519");
}

/** Starts on a free port of 127.0.0.1; user name `shop`. */
export async function sftpServer(options: SftpServerOptions): Promise<SftpServer> {
  const key = newKeyPair();
  const connections = new Set<Connection>();
  const parsed = utils.parseKey(key.private);
  if (parsed instanceof Error) throw parsed;
  const state = {
    port: 0,
    hostKey: fingerprintOf(parsed.getPublicSSH()),
    logins: [] as string[],
    bytesRead: 0,
    cutAfterBytes: undefined as number | undefined,
  };
  const server = new Server({ hostKeys: [key.private] }, (connection) => {
    connections.add(connection);
    connection.on("error", () => undefined);
    connection.on("close", () => connections.delete(connection));
    logIn(connection, options, state.logins);
    connection.on("session", (accept) => {
      accept().on("sftp", (acceptSftp) =>
        serve(acceptSftp(), options.folder, (bytes) => {
          state.bytesRead += bytes;
          if (state.cutAfterBytes === undefined || state.bytesRead < state.cutAfterBytes) return;
          state.cutAfterBytes = undefined;
          for (const open of connections) open.end();
        }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(state, {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const connection of connections) connection.end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}

function logIn(connection: Connection, { password, publicKey }: SftpServerOptions, logins: string[]): void {
  const allowed = publicKey === undefined ? undefined : utils.parseKey(publicKey);
  connection.on("authentication", (context) => {
    logins.push(context.method);
    if (context.username !== "shop") return context.reject();
    if (context.method === "password" && password !== undefined && context.password === password)
      return context.accept();
    if (context.method === "publickey" && allowed !== undefined && !(allowed instanceof Error)) {
      const same = allowed.getPublicSSH().equals(context.key.data);
      const proven =
        context.signature === undefined ||
        allowed.verify(context.blob as Buffer, context.signature, context.hashAlgo) === true;
      if (same && proven) return context.accept();
    }
    return context.reject(["password", "publickey"]);
  });
}

function serve(sftp: SFTPWrapper, folder: string, onRead: (bytes: number) => void): void {
  const real = (path: string): string => join(folder, path.replace(/^\/+/, ""));
  const answer = (id: number, run: () => void): void => {
    try {
      run();
    } catch (thrown) {
      const { code } = thrown as { readonly code?: string };
      const status = { ENOENT: STATUS_CODE.NO_SUCH_FILE, EACCES: STATUS_CODE.PERMISSION_DENIED }[code ?? ""];
      sftp.status(id, status ?? STATUS_CODE.FAILURE, code);
    }
  };
  const listed = new Set<string>();
  const done = (id: number): void => sftp.status(id, STATUS_CODE.OK);
  sftp.on("OPENDIR", (id, path) =>
    answer(id, () => {
      readdirSync(real(path));
      sftp.handle(id, Buffer.from(`d${path}`));
      listed.delete(path);
    }),
  );
  sftp.on("READDIR", (id, handle) =>
    answer(id, () => {
      const path = handle.toString().slice(1);
      if (listed.has(path)) return sftp.status(id, STATUS_CODE.EOF);
      listed.add(path);
      const entries = readdirSync(real(path)).map((filename) => {
        return { filename, longname: filename, attrs: attributes(lstatSync(join(real(path), filename))) };
      });
      sftp.name(id, entries);
    }),
  );
  sftp.on("OPEN", (id, path) =>
    answer(id, () => {
      const handle = Buffer.alloc(5, "f");
      handle.writeUInt32BE(openSync(real(path), "r"), 1);
      sftp.handle(id, handle);
    }),
  );
  sftp.on("READ", (id, handle, offset, length) =>
    answer(id, () => {
      const piece = Buffer.alloc(length);
      const bytes = readSync(handle.readUInt32BE(1), piece, 0, length, offset);
      if (bytes === 0) return sftp.status(id, STATUS_CODE.EOF);
      sftp.data(id, piece.subarray(0, bytes));
      onRead(bytes);
    }),
  );
  sftp.on("CLOSE", (id, handle) =>
    answer(id, () => {
      if (handle[0] === "f".charCodeAt(0)) closeSync(handle.readUInt32BE(1));
      done(id);
    }),
  );
  sftp.on("FSTAT", (id, handle) => answer(id, () => sftp.attrs(id, attributes(fstatSync(handle.readUInt32BE(1))))));
  sftp.on("STAT", (id, path) => answer(id, () => sftp.attrs(id, attributes(statSync(real(path))))));
  sftp.on("LSTAT", (id, path) => answer(id, () => sftp.attrs(id, attributes(lstatSync(real(path))))));
  sftp.on("MKDIR", (id, path) => answer(id, () => (mkdirSync(real(path)), done(id))));
  sftp.on("REMOVE", (id, path) => answer(id, () => (unlinkSync(real(path)), done(id))));
  sftp.on("RENAME", (id, from, to) => answer(id, () => (renameSync(real(from), real(to)), done(id))));
}

function attributes({ mode, uid, gid, size, atimeMs, mtimeMs }: Stats): Attributes {
  return { mode, uid, gid, size, atime: Math.floor(atimeMs / 1000), mtime: Math.floor(mtimeMs / 1000) };
}
