// What workloads have in common: producers at a pace, and nothing to tell beyond what their tables hold.
import type { Finding } from "../truth/finding.ts";
import type { Query, TableTruth } from "../truth/table-truth.ts";
import { Pace } from "./pace.ts";
import type { Workload } from "./workload.ts";

export abstract class PacedWorkload implements Workload {
  abstract readonly name: string;
  abstract readonly tables: readonly TableTruth[];
  abstract readonly models: readonly string[];
  abstract readonly env: Readonly<Record<string, string>>;
  protected readonly pace = new Pace();

  abstract start(): void;

  newLife(): void {
    this.pace.newLife();
  }

  died(_death: { readonly powerCut: boolean; readonly takeOver: boolean }): void {
    // Most need not know.
  }

  pause(): void {
    this.pace.pause();
  }

  resume(): void {
    this.pace.resume();
  }

  finish(timeoutMs: number): Promise<void> {
    return this.pace.finish(timeoutMs);
  }

  findings(): readonly Finding[] {
    return [];
  }

  async checkEnd(_query: Query): Promise<readonly Finding[]> {
    return [];
  }

  async close(): Promise<void> {
    this.pace.stop();
  }
}
