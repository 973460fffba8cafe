// Coded errors as responses of the OpenAPI description.
import { catalogue, httpStatus, type ErrorCode } from "@millrace/core";
import type { JsonSchema } from "@millrace/contracts/json-schema";

/** Shape of every error body. */
export const errorSchema: JsonSchema = {
  type: "object",
  required: ["code", "kind", "message", "hint"],
  properties: {
    code: { type: "string", description: "Stable code; see the error catalogue." },
    kind: { type: "string", enum: ["user", "transient", "corrupt", "bug"] },
    message: { type: "string" },
    hint: { type: "string", description: "The next step, and whether data was written." },
    details: { type: "object" },
    reference: { type: "string", description: "Finds the log line of a fault." },
  },
};

/** Responses by status; codes of one status share a response. */
export function errorResponses(codes: readonly ErrorCode[]): Readonly<Record<string, JsonSchema>> {
  const byStatus = Map.groupBy(codes, httpStatus);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      String(status),
      {
        description: group.map((code) => `${code}: ${catalogue[code].summary}`).join(" "),
        content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
      },
    ]),
  );
}
