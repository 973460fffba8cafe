// Secrets are found where the documentation says, in that order, and cannot be printed.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { format, inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { temporaryFolder, type TemporaryFolder } from "../testing/temporary-folder.ts";
import { SealedValue } from "./sealed-value.ts";
import { createSecrets } from "./secrets.ts";

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
  await writeFile(join(folder.path, ".env"), 'TOKEN="from env file"\nURL=http://file\nEMPTY=\n');
  await mkdir(join(folder.path, "secrets"));
  await writeFile(join(folder.path, "secrets", "TOKEN"), "from folder\n");
  await writeFile(join(folder.path, "secrets", "mpts.key"), "line one\nline two\n");
});
afterEach(() => folder.remove());

describe("resolving", () => {
  it("asks the environment, then .env, then the folder", async () => {
    const token = async (env: Record<string, string>, path = folder.path): Promise<string> =>
      (
        await createSecrets({ env, folder: path, secretsFolder: join(folder.path, "secrets") }).resolve({
          $secret: "TOKEN",
        })
      ).reveal();
    expect(await token({ TOKEN: "from environment" })).toBe("from environment");
    expect(await token({})).toBe("from env file");
    expect(await token({}, join(folder.path, "elsewhere"))).toBe("from folder");
  });

  it("takes a file whole but for its last line end, and its newest content", async () => {
    const secrets = createSecrets({ env: {}, folder: folder.path });
    expect((await secrets.resolve({ $secret: "mpts.key" })).reveal()).toBe("line one\nline two");
    await writeFile(join(folder.path, "secrets", "mpts.key"), "rotated");
    expect((await secrets.resolve({ $secret: "mpts.key" })).reveal()).toBe("rotated");
  });

  it("names what is missing and where it looked, and leaves the folder to nobody", async () => {
    const secrets = createSecrets({ env: {}, folder: folder.path });
    const refused = {
      code: "secret-missing",
      message: expect.stringContaining(join(folder.path, "secrets")) as string,
    };
    await expect(secrets.resolve({ $secret: "NONE" })).rejects.toMatchObject(refused);
    await expect(secrets.resolve({ $secret: "EMPTY" })).rejects.toMatchObject({ code: "secret-missing" });
    await expect(secrets.resolve({ $secret: "../.env" })).rejects.toMatchObject({ code: "secret-missing" });
  });

  it("gives settings from the environment and .env, with their fallback", () => {
    const secrets = createSecrets({ env: { PORT: "1" }, folder: folder.path });
    expect(secrets.setting({ $env: "PORT", fallback: "2" })).toBe("1");
    expect(secrets.setting({ $env: "URL" })).toBe("http://file");
    expect(secrets.setting({ $env: "OTHER", fallback: "2" })).toBe("2");
    expect(() => secrets.setting({ $env: "OTHER" })).toThrow(expect.objectContaining({ code: "secret-missing" }));
  });
});

it("shows [secret] however it is printed", () => {
  const value = new SealedValue("hunter2");
  const shown = [
    String(value),
    [value].join(),
    JSON.stringify({ value }),
    inspect(value),
    inspect({ deep: [value] }, { depth: 9, showHidden: true }),
    format("%s %o %j", value, value, value),
    value + "",
    JSON.stringify(structuredClone(value)),
    Object.entries(value).join(),
  ];
  expect(shown.join("\n")).not.toContain("hunter2");
  expect(shown[0]).toBe("[secret]");
  expect(value.reveal()).toBe("hunter2");
});
