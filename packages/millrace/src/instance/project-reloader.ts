// Adopts a changed project while the instance serves: load, check, plan, adopt. Whatever fails, the project before goes on.
import { isDeepStrictEqual } from "node:util";
import { toMillraceError, type MillraceError, type ProjectDefinition } from "@millrace/core";
import type { ProjectPlan } from "@millrace/runtime";
import type { OpenedPlatform } from "../open-platform.ts";
import { loadProject } from "../project/load-project.ts";

export interface ReloadListener {
  /** A plan with conflicts was not adopted. */
  planned(plan: ProjectPlan): void;
  failed(error: MillraceError): void;
  /** Settings that were changed and hold only after a restart. */
  needsRestart(settings: readonly string[]): void;
}

const startSettings = ["name", "stores", "server", "allowAddresses", "limits"] as const;

export class ProjectReloader {
  readonly #opened: OpenedPlatform;
  readonly #listener: ReloadListener;
  #running: Promise<void> | undefined;
  #again = false;
  #abort = new AbortController();

  constructor(opened: OpenedPlatform, listener: ReloadListener) {
    this.#opened = opened;
    this.#listener = listener;
  }

  /** One reload at a time; changes during one lead to exactly one more. */
  request(): void {
    if (this.#running !== undefined) {
      this.#again = true;
      // Code that is being loaded is out of date already.
      this.#abort.abort();
      return;
    }
    this.#running = this.#reloadUntilCurrent().finally(() => {
      this.#running = undefined;
    });
  }

  async stop(): Promise<void> {
    this.#again = false;
    this.#abort.abort();
    await this.#running;
  }

  async #reloadUntilCurrent(): Promise<void> {
    do {
      this.#again = false;
      this.#abort = new AbortController();
      await this.#reload(this.#abort.signal);
    } while (this.#again);
  }

  async #reload(signal: AbortSignal): Promise<void> {
    const { platform } = this.#opened;
    const before = platform.project;
    try {
      const next = await loadProject(before.folder, { signal });
      await this.#opened.check(next);
      this.#listener.planned(await platform.reload(next));
      const changed = changedSettings(before, next);
      if (changed.length > 0) this.#listener.needsRestart(changed);
    } catch (thrown) {
      const error = toMillraceError(thrown);
      if (error.code !== "cancelled" || !signal.aborted) this.#listener.failed(error);
    }
  }
}

function changedSettings(before: ProjectDefinition, next: ProjectDefinition): readonly string[] {
  return startSettings.filter((name) => !isDeepStrictEqual(before.config[name], next.config[name]));
}
