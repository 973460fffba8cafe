// The judge gives the codes that the validator gives of the whole record, however its numbers are spelled.
import { contract, t } from "@millrace/core";
import { compileValidator, readRecord } from "@millrace/quality";
import fc from "fast-check";
import { expect, it } from "vitest";
import { ContractJudge } from "./record-judge.ts";

const Row = contract("rows", {
  whole: t.int32().min(-5).from("w"),
  wide: t.int64().notOneOf(0, 7).optional(),
  price: t.decimal(7, 2).max("99999.5").optional(),
  small: t.decimal(12, 9).optional(),
  text: t.string().notOneOf("1.0", "1", "1e-05", "12.3").optional(),
  at: t.timestamp().optional(),
});

const Frozen = contract("rows", { whole: t.int32().min(-5).from("w"), text: t.string().optional() }, [], {
  evolution: "freeze",
  retired: ["at"],
});

it.for([Row, Frozen])("judges every spelling as the validator does", (judged) => {
  const judge = new ContractJudge(judged);
  const validator = compileValidator(judged);
  const number = fc.oneof(
    fc.stringMatching(/^-?(0|[1-9]\d{0,18})(\.\d{1,10})?([eE][+-]?\d{1,2})?$/),
    fc.stringMatching(/^-?\d\.\d{1,3}0$/),
    fc.constantFrom("1.0", "-0", "0.000001", "0.0000001", "12.30", "99999.50", "2147483648", "1e3"),
  );
  const value = fc.oneof(
    { weight: 5, arbitrary: number },
    fc.json({ maxDepth: 1 }),
    fc.constant('"2026-01-01T00:00:00.000Z"'),
  );
  const field = fc.constantFrom("w", "wide", "price", "small", "text", "at", "other");
  fc.assert(
    fc.property(fc.array(fc.tuple(field, value), { maxLength: 7 }), (members) => {
      const text = `{${members.map(([name, one]) => `"${name}":${one}`).join(",")}}`;
      const bytes = Buffer.from(`${text}\0`);
      expect(judge.read({ bytes, text: bytes.toString("latin1", 0, bytes.length - 1) }, 0)).toBe(bytes.length - 1);
      expect(judge.codes).toEqual(validator.validate(readRecord(text)));
    }),
    { numRuns: 2_000 },
  );
});
