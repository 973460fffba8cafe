// What the admin routes share: who may call them, their bounds, and how they answer.
import type { FastifyReply, FastifyRequest } from "fastify";
import { stringifyExact } from "@millrace/core";
import { jsonContentType } from "../http/security-headers.ts";
import { boundedCount } from "./admin-request.ts";

export const adminLimits = {
  queryRowsDefault: 1_000,
  queryRowsMax: 100_000,
  queryTimeoutMs: 10 * 60_000,
  sqlCharsMax: 1_000_000,
  listRowsDefault: 100,
  listRowsMax: 10_000,
  pathCharsMax: 4_096,
  nameCharsMax: 512,
  requestCharsMax: 100,
  reasonCharsMax: 1_000,
} as const;

export const read = { config: { access: "platform.read" } } as const;
export const operate = { config: { access: "platform.operate" } } as const;

/** Personal data in quarantine is for operators. */
export function seesPersonalData({ principal }: FastifyRequest): boolean {
  return principal?.permissions.has("platform.operate") === true;
}

/** @throws MillraceError request-invalid */
export function listLimit(text: string | undefined): number {
  return boundedCount("limit", text, { fallback: adminLimits.listRowsDefault, most: adminLimits.listRowsMax });
}

/** JSON with all digits. */
export function sendJson(reply: FastifyReply, value: unknown): FastifyReply {
  return reply.header("content-type", jsonContentType).send(stringifyExact(value));
}
