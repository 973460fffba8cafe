// Files channels on a real SFTP server: what arrives, what a cut connection costs, and what a wrong key or login says.
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Arrival } from "@millrace/core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { secret } from "../../authoring/references.ts";
import type { ChannelHarness } from "../../testing/channel-harness.ts";
import { fileChannel, header, paths } from "../../testing/promotion-files.ts";
import { newKeyPair, sftpServer, type SftpServer } from "../../testing/sftp-server.ts";
import type { FilesOptions } from "../files-config.ts";
import { archive, files, marker, sftp } from "../files.ts";
import { Promotion } from "../../testing/promotion-files.ts";

let folder: string;
let server: SftpServer;
const keys = newKeyPair();
const password = "hunter2-not-to-be-seen";
const env = { SFTP_PASSWORD: password, SFTP_KEY: keys.private, OTHER: "wrong" };

async function put(path: string, content: string | Buffer, ageS = 100): Promise<void> {
  const absolute = join(folder, path);
  await mkdir(dirname(absolute), { recursive: true });
  await writeFile(absolute, content);
  const at = new Date(Date.now() - ageS * 1000);
  await utimes(absolute, at, at);
}

function channel(options: Partial<FilesOptions> = {}, place: object = {}): Promise<ChannelHarness> {
  const from = sftp({
    host: "127.0.0.1",
    port: server.port,
    username: "shop",
    password: secret("SFTP_PASSWORD"),
    hostKey: server.hostKey,
    folder: "out",
    timeout: "2s",
    ...place,
  });
  return fileChannel({ from, pattern: "in/**/*.csv", ...options }, { env });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-sftp-"));
  server = await sftpServer({ folder, password, publicKey: keys.public });
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

it("arrive once, by pattern, with their bytes; links to files are followed, loops are not", async () => {
  await put("out/in/a.csv", `${header}a,1,\n`, 90);
  await put("out/in/x/b.csv", `${header}b,1,\n`, 80);
  await put("out/in/c.txt", "no");
  await symlink(join(folder, "out/in"), join(folder, "out/in/loop"));
  await symlink("a.csv", join(folder, "out/in/link.csv"));
  await using harness = await channel();
  const arrivals = await harness.drain();
  expect(paths(arrivals)).toEqual([["in/a.csv"], ["in/link.csv", "in/x/b.csv"]]);
  expect(await harness.contents(arrivals[1] as Arrival)).toEqual([`${header}a,1,\n`, `${header}b,1,\n`]);
  const read = server.bytesRead;
  await harness.restart();
  expect(await harness.drain()).toEqual([]);
  expect(server.bytesRead).toBe(read);
});

it("log in by key", async () => {
  await put("out/in/a.csv", `${header}a,1,\n`);
  const from = { password: undefined, key: secret("SFTP_KEY") };
  await using harness = await channel({}, from);
  expect(paths(await harness.drain())).toEqual([["in/a.csv"]]);
  expect(server.logins).toContain("publickey");
});

it("go on where a connection was cut, byte for byte", async () => {
  const rows = Array.from({ length: 60_000 }, (_, at) => `${at},1,${randomBytes(8).toString("hex")}\n`).join("");
  await put("out/in/big.csv", header + rows);
  server.cutAfterBytes = 700_000;
  await using harness = await channel();
  const [arrival] = await harness.drain();
  expect((await harness.contents(arrival as Arrival)).join("") === header + rows).toBe(true);
  expect(server.cutAfterBytes).toBeUndefined();
  // Not again from the start: less than what was under way when it was cut.
  expect(server.bytesRead).toBeLessThan(header.length + rows.length + 1_200_000);
  expect(harness.lines.join("\n")).toContain("a download goes on where it was cut off");
});

it("wait for their marker, and are archived on the server", async () => {
  await put("out/in/a.csv", `${header}a,1,\n`);
  await using harness = await channel({ ready: marker("_DONE"), after: archive("done/here") });
  expect(await harness.drain()).toEqual([]);
  await put("out/in/_DONE", "", 10);
  expect(paths(await harness.drain())).toEqual([["in/a.csv"]]);
  expect(await readdir(join(folder, "out/done/here"))).toEqual(["a.csv"]);
  await put("out/in/a.csv", `${header}a,2,\n`, 50);
  await put("out/in/_DONE", "", 10);
  expect(paths(await harness.drain())).toEqual([["in/a.csv"]]);
  expect((await readdir(join(folder, "out/done/here"))).sort()).toEqual(["a.csv", "a~2.csv"]);
});

it("a server with another key is refused before anything is sent", async () => {
  await put("out/in/a.csv", `${header}a,1,\n`);
  const trusted = `SHA256:${"A".repeat(43)}`;
  await using harness = await channel({}, { hostKey: trusted });
  await expect(harness.drain()).rejects.toMatchObject({
    code: "host-key-mismatch",
    kind: "user",
    details: { expected: [trusted], received: server.hostKey },
  });
  expect(server.logins).toEqual([]);
});

it.each([
  ["password", { password: secret("OTHER") }, "refused the login"],
  ["key", { password: undefined, key: secret("OTHER") }, "the private key of the login cannot be read"],
])("a wrong %s is told without it", async (_, place, message) => {
  await using harness = await channel({}, place);
  const error = await harness.drain().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code: "place-refused", kind: "user", message: expect.stringContaining(message) });
  expect(`${JSON.stringify(error)} ${String(error)} ${harness.lines.join("\n")}`).not.toContain("wrong");
});

it("a server that is not there is worth another try; a folder without permission too", async () => {
  await using harness = await channel({}, { port: 1 });
  await expect(harness.drain()).rejects.toMatchObject({ code: "file-inaccessible", kind: "transient" });
});

it.each([
  [{ host: "h", username: "u", hostKey: "SHA256:x", password: secret("P") }, '"from.hostKey" is the fingerprint'],
  [{ host: "h", username: "u", hostKey: `SHA256:${"a".repeat(43)}` }, 'needs "password" or "key"'],
  [{ host: "h", username: "u", hostKey: `SHA256:${"a".repeat(43)}`, password: "literal" }, '"from.password" is secret'],
])("refuses %j", (place, message) => {
  expect(() => files("*.csv", { from: sftp(place as never), into: Promotion })).toThrow(message);
});
