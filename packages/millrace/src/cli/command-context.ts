// What every command shares: where the project is, how it answers, and whom it asks.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { stringifyExact, type ProjectDefinition } from "@millrace/core";
import type { StartOptions } from "@millrace/runtime";
import type { Admin } from "../admin/admin.ts";
import type { Io } from "./io.ts";

export interface CommonOptions {
  readonly project?: string;
  readonly data?: string;
  readonly json?: boolean;
}

/** A command with the options that all have, and examples below its help. */
export function command(name: string, description: string, examples: readonly string[]): Command {
  return commandGroup(name, description, examples)
    .option("-p, --project <folder>", "folder of the project (default: the one around the current folder)")
    .option("--data <folder>", "data folder (default: stores.data of the project, else .millrace in it)")
    .option("--json", "answer as JSON, errors too");
}

/** A command that only holds others: options belong to those. */
export function commandGroup(name: string, description: string, examples: readonly string[]): Command {
  return new Command(name)
    .description(description)
    .addHelpText("after", `\nExamples:\n${examples.map((example) => `  $ millrace ${example}`).join("\n")}\n`);
}

export class CommandContext {
  readonly io: Io;
  readonly json: boolean;
  readonly #options: CommonOptions;
  #loaded: Promise<ProjectDefinition> | undefined;

  constructor(io: Io, options: CommonOptions) {
    this.io = io;
    this.json = options.json === true;
    this.#options = options;
  }

  /** @throws MillraceError project-not-found */
  async projectFolder(): Promise<string> {
    const { findProjectFolder } = await import("../project/project-files.ts");
    return findProjectFolder(resolve(this.io.cwd, this.#options.project ?? "."));
  }

  /** The project, loaded once per command. @throws MillraceError with file and line */
  project(): Promise<ProjectDefinition> {
    this.#loaded ??= this.#load();
    return this.#loaded;
  }

  /** Where the data is. A broken project does not keep anyone from its data: then its configuration alone, or --data, tells. */
  async dataFolder(): Promise<string> {
    if (this.#options.data !== undefined) return resolve(this.io.cwd, this.#options.data);
    const folder = await this.projectFolder();
    const project = await this.project().catch(() => undefined);
    const { configuredDataFolder, dataFolderOf } = await import("../project/configured-data-folder.ts");
    return project === undefined ? configuredDataFolder(folder) : dataFolderOf(project);
  }

  /** Asks the running instance, or opens the data folder when there is none. */
  async admin<T>(start: StartOptions | false, work: (admin: Admin) => Promise<T>): Promise<T> {
    const session = import("../admin/session.ts");
    // The author's code runs in its worker; meanwhile the engines load, unless a running instance has them already.
    if (!(await this.#probablyOwned())) void import("../instance/serve-instance.ts").catch(() => undefined);
    const [{ withAdmin }, dataFolder] = await Promise.all([session, this.dataFolder()]);
    return withAdmin({ dataFolder, project: () => this.project(), start }, work);
  }

  /** A guess that only saves time: session.ts looks properly. */
  async #probablyOwned(): Promise<boolean> {
    const folder = this.#options.data ?? join(await this.projectFolder(), ".millrace");
    return existsSync(join(folder, "owner.lock"));
  }

  /** The answer: `value` with --json, else `text`. */
  answer(value: unknown, text: () => string): void {
    const body = this.json ? stringifyExact(value, 2) : text();
    if (body !== "") this.io.out.write(body.endsWith("\n") ? body : `${body}\n`);
  }

  async #load(): Promise<ProjectDefinition> {
    const { loadProject } = await import("../project/load-project.ts");
    return loadProject(await this.projectFolder(), { signal: this.io.signal });
  }
}

/** An option's value as a whole number in a range. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`A whole number from ${min} to ${max} is expected.`);
    return value;
  };
}

/** An argument that identifies a batch or a row. */
export function identity(text: string): bigint {
  if (!/^\d{1,18}$/.test(text)) throw new InvalidArgumentError("A number is expected.");
  return BigInt(text);
}
