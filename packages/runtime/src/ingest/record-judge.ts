// Judges the records of a request while they are read, with the verdict that the loader will give.
import { malformedCode, type ContractDefinition, type VerdictCode } from "@millrace/core";
import { compileValidator, type RowValidator } from "@millrace/quality";
import { endOfValue } from "./json-text.ts";
import { RecordReader, type BodyText } from "./record-reader.ts";
import type { RecordJudge } from "./payload.ts";

const none: readonly VerdictCode[] = [];

/** For channels that are judged late: records are cut and counted, and none fails. */
export const lateJudge: RecordJudge = { codes: none, malformed: none, read: ({ bytes }, at) => endOfValue(bytes, at) };

export class ContractJudge implements RecordJudge {
  codes: readonly VerdictCode[] = none;
  readonly malformed: readonly VerdictCode[];
  readonly #reader: RecordReader;
  readonly #validator: RowValidator;

  constructor(contract: ContractDefinition) {
    this.malformed = [malformedCode(contract)];
    this.#validator = compileValidator(contract);
    this.#reader = new RecordReader(contract.columns.map((column) => column.source ?? column.name));
  }

  read(body: BodyText, at: number): number {
    try {
      return this.#judge(body, at);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      // A value that is nested deeper than the stack reaches: the loader, which does not recurse, judges it alone.
      this.codes = none;
      return endOfValue(body.bytes, at);
    }
  }

  #judge(body: BodyText, at: number): number {
    const end = this.#reader.read(body, at);
    // Anything but an object has no fields to judge.
    if (end >= 0)
      this.codes = this.#reader.record === undefined ? this.malformed : this.#validator.validate(this.#reader.record);
    return end;
  }
}
