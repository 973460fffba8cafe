// Reads what admin requests carry: JSON bodies and query parameters, each checked once, here.
import type { FastifyRequest } from "fastify";
import { isRawNumber, MillraceError, parseExact } from "@millrace/core";

type Fields = Readonly<Record<string, unknown>>;

/** The body as an object; an empty body is an empty object. @throws MillraceError request-invalid */
export function bodyOf(request: FastifyRequest): Fields {
  const body = Buffer.isBuffer(request.body) ? request.body.toString("utf8") : "";
  if (body.trim() === "") return {};
  let value: unknown;
  try {
    value = parseExact(body);
  } catch (cause) {
    throw new MillraceError("request-invalid", "The body is not JSON.", { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value) || isRawNumber(value))
    throw new MillraceError("request-invalid", "The body is not a JSON object.");
  return value as Fields;
}

/** Parameters of the query; each at most once. @throws MillraceError request-invalid for a parameter that the route does not know */
export function parametersOf<const Name extends string>(
  request: FastifyRequest,
  names: readonly Name[],
): { readonly [N in Name]?: string } {
  const at = request.url.indexOf("?");
  const found: { [N in Name]?: string } = {};
  for (const [name, value] of new URLSearchParams(at < 0 ? "" : request.url.slice(at + 1))) {
    const known = names.find((candidate) => candidate === name);
    if (known === undefined || found[known] !== undefined)
      throw new MillraceError(
        "request-invalid",
        `The parameter ${JSON.stringify(name.slice(0, 50))} is not known or given twice.`,
        {
          hint: `Parameters here: ${names.join(", ")}.`,
        },
      );
    found[known] = value;
  }
  return found;
}

/** @throws MillraceError request-invalid */
export function textField(fields: Fields, name: string, charsMax: number): string {
  const value = fields[name];
  if (typeof value === "string" && value.trim() !== "" && value.length <= charsMax) return value;
  throw new MillraceError("request-invalid", `${name} is missing, or longer than ${charsMax} characters.`, {
    details: { field: name },
  });
}

/** A whole number from 0 on, of any size. @throws MillraceError request-invalid */
export function wholeNumber(name: string, value: unknown): bigint {
  if (typeof value === "bigint" && value >= 0n) return value;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  if (typeof value === "string" && /^[0-9]{1,18}$/.test(value)) return BigInt(value);
  throw new MillraceError("request-invalid", `${name} is not a whole number.`, { details: { field: name } });
}

/** A whole number from 1 to `most`. @throws MillraceError request-invalid */
export function boundedCount(
  name: string,
  value: unknown,
  bounds: { readonly fallback: number; readonly most: number },
): number {
  if (value === undefined) return bounds.fallback;
  const count = wholeNumber(name, value);
  if (count >= 1n && count <= BigInt(bounds.most)) return Number(count);
  throw new MillraceError("request-invalid", `${name} is not a number from 1 to ${bounds.most}.`, {
    details: { field: name, most: bounds.most },
  });
}
