// What a channel is doing, for status: set by its runner or batcher, read by anyone.
import type { ErrorReport, MillraceError } from "@millrace/core";
import type { ChannelStatus } from "../platform.ts";

export class ChannelState {
  #state: ChannelStatus["state"] = "idle";
  #error: ErrorReport | undefined;
  #refusal: ErrorReport | undefined;

  get state(): ChannelStatus["state"] {
    return this.#state;
  }

  /** What keeps the channel from going on, or else the newest refusal of this process. */
  get error(): ErrorReport | undefined {
    return this.#error ?? this.#refusal;
  }

  working(): void {
    this.#state = "working";
  }

  idle(): void {
    this.#state = "idle";
    this.#error = undefined;
  }

  /** Back-off after a transient error; the work goes on by itself. */
  waiting(error: MillraceError): void {
    this.#state = "waiting";
    this.#error = error.toJSON();
  }

  /** The budget of tries is used up; the next trigger tries again. */
  failing(error: MillraceError): void {
    this.#state = "failing";
    this.#error = error.toJSON();
  }

  /** Only a change of the project or of the source lets the channel go on. */
  stopped(error: MillraceError): void {
    this.#state = "stopped";
    this.#error = error.toJSON();
  }

  /** A part of the source was refused; the channel itself goes on. */
  refused(error: ErrorReport): void {
    this.#refusal = error;
  }

  /** A refused file was delivered again: what was said of it holds no longer. */
  arrived(paths: readonly string[]): void {
    const path = this.#refusal?.details?.["path"];
    if (typeof path === "string" && paths.includes(path)) this.#refusal = undefined;
  }
}
