// What all author functions share: a checked declaration as plain data, with the place where the author wrote it.
import {
  atLocation,
  callerLocation,
  keyColumns,
  MillraceError,
  parseDurationMs,
  type ChannelDeclaration,
  type ChannelDefinition,
  type ContractDefinition,
  type SourceLocation,
  type Trigger,
  type WriteMode,
} from "@millrace/core";
import { oneOf, show } from "./option-checks.ts";
import { configFields, findProblem, optional, required, type OptionCheck, type OptionField } from "./option-fields.ts";

/** The table that a channel or stream fills, and how. */
export interface IntoOptions {
  /** Contract of the table. */
  readonly into: ContractDefinition;
  /** Default: `merge` when the contract has a key, else `append`. */
  readonly write?: WriteMode;
}

const cron = /^\S+(\s+\S+){4,5}$/;
const cronPart = /^[\d*/,\-A-Z?L#]+$/i;

const contract: OptionCheck = (value, path) =>
  typeof value === "object" && value !== null && (value as ContractDefinition).kind === "contract"
    ? undefined
    : `"${path}" is a contract, as contract(...) returns it`;

/** `on-arrival`, a duration, or a cron expression of five or six parts (UTC). */
export function triggerCheck(allowArrival: boolean): OptionCheck {
  const examples = `${allowArrival ? '"on-arrival", ' : ""}a duration such as "30s", or a cron expression such as "0 6 * * *" (UTC)`;
  return (value, path) => {
    if (value === "on-arrival" && allowArrival) return undefined;
    if (typeof value === "string" && value !== "on-arrival") {
      if ((parseDurationMs(value) ?? 0) > 0) return undefined;
      if (
        cron.test(value.trim()) &&
        value
          .trim()
          .split(/\s+/)
          .every((part) => cronPart.test(part))
      )
        return undefined;
    }
    return `"${path}" is ${examples}; received ${show(value)}`;
  };
}

export const intoFields: readonly OptionField[] = [
  required("into", "contract", contract, "contract of the table that is filled", { beside: true }),
  optional("write", '"append" | "merge" | "replace"', oneOf("append", "merge", "replace"), "how rows enter the table", {
    default: "merge when the contract has a key, else append",
    beside: true,
  }),
];

export function everyField(allowArrival: boolean, byDefault: string): OptionField {
  return optional(
    "every",
    allowArrival ? '"on-arrival" | duration | cron' : "duration | cron",
    triggerCheck(allowArrival),
    "when the channel works",
    {
      default: byDefault,
      beside: true,
    },
  );
}

/** An output, with the default write mode filled in; throws the problem as text. */
export function outputOf(stream: string, { into, write }: IntoOptions): ChannelDeclaration["outputs"][number] {
  const hasKey = keyColumns(into).length > 0;
  if (write === "merge" && !hasKey)
    throw new OptionProblem(`write: "merge" needs a key; mark a column of contract "${into.name}" with .key()`);
  return { stream, contract: into, write: write ?? (hasKey ? "merge" : "append") };
}

/** A problem found behind the option tables; becomes channel-invalid with file and line. */
export class OptionProblem extends Error {}

/** Runs a check or a build and turns a problem into channel-invalid with the place of the declaration. */
export function placed<T>(what: string, location: SourceLocation | undefined, build: () => T): T {
  try {
    return build();
  } catch (thrown) {
    if (!(thrown instanceof OptionProblem)) throw thrown;
    throw new MillraceError("channel-invalid", `${atLocation(location)}${what}: ${thrown.message}`, {
      details: { ...location },
    });
  }
}

/** Throws the first problem of the options. */
export function demand(options: unknown, fields: readonly OptionField[]): void {
  const problem = findProblem(options, fields);
  if (problem !== undefined) throw new OptionProblem(problem);
}

interface Draft<Config> {
  readonly config: Config;
  readonly outputs: ChannelDeclaration["outputs"];
  readonly every: Trigger;
  readonly expectedBy?: string;
}

/** Builds a declaration at the author's place. @throws MillraceError channel-invalid */
export function declareChannel<Config>(
  { connector, what }: { readonly connector: string; readonly what: string },
  draft: () => Draft<Config>,
): ChannelDeclaration<Config> {
  const location = callerLocation();
  const built = placed(what, location, draft);
  return { kind: "channel", connector, ...built, ...(location === undefined ? {} : { location }) };
}

/** Checks a definition that came as data. @throws MillraceError channel-invalid */
export function validateDefinition(
  channel: ChannelDefinition,
  fields: readonly OptionField[],
  further: () => void,
): void {
  placed(`${channel.connector}() of ${channel.domain}.${channel.name}`, channel.location, () => {
    demand(channel.config, configFields(fields));
    if (channel.outputs.length === 0) throw new OptionProblem("fills no table");
    further();
  });
}
