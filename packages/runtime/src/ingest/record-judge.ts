// Judges the records of a request while they are read, with the verdict that the loader will give.
import {
  malformedCode,
  refusesUnknownFields,
  unknownFieldCode,
  type ContractDefinition,
  type VerdictCode,
} from "@millrace/core";
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
  readonly #unknown: readonly VerdictCode[];
  readonly #reader: RecordReader;
  readonly #validator: RowValidator;

  constructor(contract: ContractDefinition) {
    this.malformed = [malformedCode(contract)];
    this.#validator = compileValidator(contract);
    const own = contract.columns.filter((column) => column.rest !== true).map((column) => column.source ?? column.name);
    const refuses = refusesUnknownFields(contract);
    this.#unknown = [unknownFieldCode(contract)];
    this.#reader = new RecordReader(
      own,
      ...(refuses ? [[...(contract.retired ?? []), ...(contract.dropped ?? [])]] : []),
    );
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

  /** The reader gives the validator the fields that the contract has, and tells whether there were others. */
  #verdict({ record, foundUnknown }: RecordReader): readonly VerdictCode[] {
    if (record === undefined) return this.malformed;
    const codes = this.#validator.validate(record);
    return foundUnknown ? [...this.#unknown, ...codes] : codes;
  }

  #judge(body: BodyText, at: number): number {
    const end = this.#reader.read(body, at);
    // Anything but an object has no fields to judge.
    if (end >= 0) this.codes = this.#verdict(this.#reader);
    return end;
  }
}
