// Every refused call leaves a line, but a flood of them does not flood the log: beyond the bound they are counted into the next line.
import type { FastifyRequest } from "fastify";
import type { Clock, ErrorCode, Logger } from "@millrace/core";
import { routeOf } from "./error-reply.ts";

const linesPerWindowMax = 20;
const windowMs = 10_000;

export class RefusalLog {
  readonly #log: Logger;
  readonly #clock: Pick<Clock, "monotonicMs">;
  #windowStartMs = Number.NEGATIVE_INFINITY;
  #lines = 0;
  #unlogged = 0;

  constructor(log: Logger, clock: Pick<Clock, "monotonicMs">) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Never logs what the caller sent: neither the token nor the query. */
  add(request: FastifyRequest, code: ErrorCode): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#windowStartMs >= windowMs) {
      this.#windowStartMs = nowMs;
      this.#lines = 0;
    }
    if (this.#lines >= linesPerWindowMax) {
      this.#unlogged += 1;
      return;
    }
    this.#lines += 1;
    this.#log.warn("A call was refused.", {
      code,
      method: request.method,
      route: routeOf(request),
      address: request.ip,
      ...(request.principal === undefined ? {} : { principal: request.principal.id }),
      ...(this.#unlogged === 0 ? {} : { refusedUnlogged: this.#unlogged }),
    });
    this.#unlogged = 0;
  }
}
