// The contract of checked.ts for Zod and Ajv: all three refuse the same rows of the sample.
import { Ajv, type ValidateFunction } from "ajv";
import { z } from "zod";
import { kinds } from "./checked.ts";

const skuPattern = /^SKU-[0-9]{6}$/;
const dayPattern = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;
const instantPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z$/;
const uuidPattern = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;
const emailPattern = /^[^@ \t\n\f\r]+@[^@ \t\n\f\r]+\.[^@ \t\n\f\r]+$/;

/** What a JSON record of the sample holds once it is parsed. */
interface Row {
  readonly id: number;
  readonly price: number;
  readonly qty: number;
  readonly kind: string;
}

/** The rules over several columns, for the libraries that have no words for them. */
function rowHolds({ id, price, qty, kind }: Row): boolean {
  const flash = kind !== "flash" || price < 20_000;
  return qty * price < 10_000_000 && price + qty >= 1 && id + 2000 > qty && flash;
}

const cents = (value: number): boolean => Math.abs(value * 100 - Math.round(value * 100)) < 1e-6;

export const zodSchema = z
  .object({
    id: z.int().min(1),
    sku: z.string().regex(skuPattern),
    price: z.number().min(0).max(100_000).refine(cents),
    qty: z.int().min(1).max(1000),
    day: z
      .string()
      .regex(dayPattern)
      .refine((day) => day >= "2020-01-01" && day <= "2099-12-31"),
    ts: z
      .string()
      .regex(instantPattern)
      .refine((ts) => ts >= "2020-01-01"),
    kind: z.enum(kinds),
    uid: z.string().regex(uuidPattern),
    active: z.boolean(),
    score: z.number().min(0).max(1),
    email: z.string().max(80).regex(emailPattern),
    note: z.string().max(100).regex(/\S/).nullable(),
  })
  .refine(rowHolds);

/** JSON Schema compiled to code; the rules over several columns are asked after it. */
export function ajvValidator(): (row: unknown) => boolean {
  const text = (pattern: RegExp, more: object = {}): object => ({ type: "string", pattern: pattern.source, ...more });
  const validate: ValidateFunction = new Ajv().compile({
    type: "object",
    required: ["id", "sku", "price", "qty", "day", "ts", "kind", "uid", "active", "score", "email"],
    properties: {
      id: { type: "integer", minimum: 1 },
      sku: text(skuPattern),
      price: { type: "number", minimum: 0, maximum: 100_000 },
      qty: { type: "integer", minimum: 1, maximum: 1000 },
      day: text(dayPattern),
      ts: text(instantPattern),
      kind: { type: "string", enum: kinds },
      uid: text(uuidPattern),
      active: { type: "boolean" },
      score: { type: "number", minimum: 0, maximum: 1 },
      email: text(emailPattern, { maxLength: 80 }),
      note: { type: ["string", "null"], maxLength: 100, pattern: String.raw`\S` },
    },
  });
  return (row) => validate(row) && rowHolds(row as Row);
}
