// Projects in temporary folders for tests: files from texts, removed at the end.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface TemporaryProject extends Disposable {
  readonly folder: string;
  /** Writes files, by path relative to the project. */
  write(files: Readonly<Record<string, string>>): void;
  path(relative: string): string;
}

const CONFIG = 'import { defineProject } from "millrace";\nexport const project = defineProject({ name: "shop" });\n';

/** A project with a plain configuration, unless `files` brings its own. */
export function temporaryProject(files: Readonly<Record<string, string>> = {}): TemporaryProject {
  // A path with a blank and a character that URLs escape: both must work.
  const root = realpathSync(mkdtempSync(join(tmpdir(), "millrace #1 ")));
  const folder = join(root, "shop");
  const path = (relative: string): string => join(folder, relative);
  const write = (texts: Readonly<Record<string, string>>): void => {
    for (const [relative, text] of Object.entries(texts)) {
      mkdirSync(dirname(path(relative)), { recursive: true });
      writeFileSync(path(relative), text);
    }
  };
  write({ "millrace.config.ts": CONFIG, ...files });
  return { folder, write, path, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}
