// The power cut takes what was not synced, and nothing else.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { powerCutEnvironment, powerCutSupported } from "./preload.ts";
import { restoreAfterPowerCut } from "./restore.ts";

/** Runs a script in a process that dies by SIGKILL at its end, then cuts the power. */
function dieAfter(
  script: string,
  ignoreSync?: string,
): { folder: string; names: string[]; read(name: string): string } {
  const root = mkdtempSync(join(tmpdir(), "power-cut-"));
  const folder = join(root, "data");
  const options = { folder, journalFolder: join(root, "journal"), ...(ignoreSync === undefined ? {} : { ignoreSync }) };
  const environment = powerCutEnvironment(options, join(root, "build"));
  const code = `import fs from "node:fs"; import { DatabaseSync } from "node:sqlite"; const at = (name) => ${JSON.stringify(folder)} + "/" + name; ${script}; process.kill(process.pid, "SIGKILL");`;
  try {
    execFileSync(process.execPath, ["--input-type=module", "-e", code], {
      env: { ...process.env, ...environment, NODE_NO_WARNINGS: "1" },
      stdio: "pipe",
    });
  } catch (error) {
    if ((error as { signal?: string }).signal !== "SIGKILL") throw error;
  }
  restoreAfterPowerCut(folder, join(root, "journal"));
  return { folder, names: readdirSync(folder).sort(), read: (name) => readFileSync(join(folder, name), "utf8") };
}

// Needs Linux and a C compiler: the library is preloaded into the child.
describe.runIf(powerCutSupported())("after a power cut", () => {
  test("what was synced stays, what was only written goes", () => {
    const after = dieAfter(`
    const a = fs.openSync(at("a"), "w"); fs.writeSync(a, "kept"); fs.fsyncSync(a); fs.writeSync(a, " and lost");
    const b = fs.openSync(at("b"), "w"); fs.writeSync(b, "never synced")`);
    expect(after.names).toEqual(["a"]);
    expect(after.read("a")).toBe("kept");
  });

  test("overwritten and truncated content comes back", () => {
    const after = dieAfter(`
    const a = fs.openSync(at("a"), "w+"); fs.writeSync(a, "0123456789"); fs.fsyncSync(a);
    fs.writeSync(a, "xx", 2); fs.ftruncateSync(a, 5); fs.writeSync(a, "yy", 5)`);
    expect(after.read("a")).toBe("0123456789");
  });

  test("a rename needs a sync of its folder", () => {
    const replaced = `fs.writeFileSync(at("new"), "new", { flush: true }); fs.writeFileSync(at("name"), "old", { flush: true }); fs.renameSync(at("new"), at("name"))`;
    const lost = dieAfter(replaced);
    expect(lost.read("name")).toBe("old");
    expect(lost.read("new")).toBe("new");
    const kept = dieAfter(`${replaced}; const d = fs.openSync(at("."), "r"); fs.fsyncSync(d)`);
    expect(kept.names).toEqual(["name"]);
    expect(kept.read("name")).toBe("new");
  });

  test("an unlinked file comes back", () => {
    expect(dieAfter(`fs.writeFileSync(at("a"), "text", { flush: true }); fs.unlinkSync(at("a"))`).read("a")).toBe(
      "text",
    );
  });

  test("SQLite keeps committed rows with synchronous=FULL and loses them when its syncs are ignored", () => {
    const script = `
    const db = new DatabaseSync(at("t.sqlite")); db.exec("pragma journal_mode=wal; pragma synchronous=full; create table t(x)");
    for (let i = 0; i < 50; i++) db.exec("insert into t values (" + i + ")")`;
    const count = (folder: string): unknown =>
      JSON.parse(
        execFileSync(
          process.execPath,
          [
            "--input-type=module",
            "-e",
            `import { DatabaseSync } from "node:sqlite"; const db = new DatabaseSync(${JSON.stringify(join(folder, "t.sqlite"))});
        const has = db.prepare("select count(*) n from sqlite_master").get().n; console.log(has === 0 ? 0 : db.prepare("select count(*) n from t").get().n)`,
          ],
          { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
        ),
      );
    expect(count(dieAfter(script).folder)).toBe(50);
    expect(count(dieAfter(script, "t.sqlite").folder)).toBeLessThan(50);
  });
});
