// What changes between two versions of a contract, and whom each change breaks. Pure: looks at the definitions alone, not at what is stored.
import { ruleChanges } from "./contract-rule-changes.ts";
import { keyColumns, versionColumn, type ColumnDefinition, type ContractDefinition } from "./contract.ts";
import { describeType, widens } from "./logical-type.ts";

/** `senders`: data that passed may now fail; `readers`: what queries see is not what it was; `stored`: rows that are there must be changed. */
export type Broken = "senders" | "readers" | "stored";

export type ContractChangeKind =
  | "contract-removed"
  | "column-added"
  | "column-discovered"
  | "column-removed"
  | "column-renamed"
  | "type-widened"
  | "type-changed"
  | "required"
  | "optional"
  | "key"
  | "order"
  | "source"
  | "personal-data"
  | "cleansing"
  | "rule-added"
  | "rule-removed"
  | "rule-changed"
  | "evolution"
  | "deduplication"
  | "description";

export interface ContractChange {
  readonly change: ContractChangeKind;
  /** The column or rule that it is about; absent where it is the whole contract. */
  readonly subject?: string;
  /** One sentence for people. */
  readonly summary: string;
  /** Empty: compatible. */
  readonly breaks: readonly Broken[];
}

export type ChangeClass = "initial" | "none" | "compatible" | "breaking";

/** `none` without a change. */
export function classify(changes: readonly ContractChange[]): ChangeClass {
  if (changes.length === 0) return "none";
  return changes.some((change) => change.breaks.length > 0) ? "breaking" : "compatible";
}

/** All changes from one definition to the next, columns first, in the order of the definitions. */
export function contractChanges(before: ContractDefinition, after: ContractDefinition): readonly ContractChange[] {
  const pairs = pairColumns(before, after);
  const kept = new Set(pairs.map(({ was }) => was));
  const removed = before.columns.filter((column) => !kept.has(column)).map((column) => removal(column, after));
  return [
    ...pairs.flatMap(({ was, is }) => (was === undefined ? [addition(is)] : columnChanges(was, is))),
    ...removed,
    ...wholeChanges(before, after),
    ...ruleChanges(before, after),
  ];
}

interface Pair {
  readonly was: ColumnDefinition | undefined;
  readonly is: ColumnDefinition;
}

function pairColumns(before: ContractDefinition, after: ContractDefinition): readonly Pair[] {
  const byName = new Map(before.columns.map((column) => [column.name.toLowerCase(), column]));
  return after.columns.map((is) => ({
    is,
    was:
      byName.get(is.name.toLowerCase()) ??
      (is.renamedFrom === undefined ? undefined : byName.get(is.renamedFrom.toLowerCase())),
  }));
}

function addition(column: ColumnDefinition): ContractChange {
  const named = `column "${column.name}" (${describeType(column.type)})`;
  if (column.discovered === true)
    return { change: "column-discovered", subject: column.name, summary: `${named} was found in the data`, breaks: [] };
  const breaks: readonly Broken[] = column.required ? ["senders", "stored"] : [];
  const what = column.required ? "is added and required" : "is added";
  return { change: "column-added", subject: column.name, summary: `${named} ${what}`, breaks };
}

function removal({ name }: ColumnDefinition, after: ContractDefinition): ContractChange {
  const listed = (names: readonly string[] | undefined): boolean =>
    names?.some((one) => one.toLowerCase() === name.toLowerCase()) === true;
  const how = listed(after.dropped)
    ? "is dropped with its values"
    : listed(after.retired)
      ? "is retired; its values stay in storage"
      : "is gone";
  const breaks: readonly Broken[] = listed(after.dropped) ? ["readers", "stored"] : ["readers"];
  return { change: "column-removed", subject: name, summary: `column "${name}" ${how}`, breaks };
}

type AddChange = (change: ContractChangeKind, what: string, ...breaks: readonly Broken[]) => void;

function columnChanges(was: ColumnDefinition, is: ColumnDefinition): readonly ContractChange[] {
  const found: ContractChange[] = [];
  const add: AddChange = (change, what, ...breaks) => {
    found.push({ change, subject: is.name, summary: `column "${is.name}" ${what}`, breaks });
  };
  const [before, after] = [was.source ?? was.name, is.source ?? is.name];
  if (was.name !== is.name) add("column-renamed", `was "${was.name}"`, "readers");
  if (before !== after) add("source", `is read from "${after}", no longer from "${before}"`, "senders");
  const [from, to] = [describeType(was.type), describeType(is.type)];
  if (from !== to && widens(was.type, is.type)) add("type-widened", `widens from ${from} to ${to}`);
  else if (from !== to) add("type-changed", `changes from ${from} to ${to}`, "senders", "readers", "stored");
  if (!was.required && is.required) add("required", "becomes required", "senders", "stored");
  if (was.required && !is.required) add("optional", "becomes optional: readers may meet NULL", "readers");
  meaningChanges(was, is, add);
  return found;
}

function meaningChanges(was: ColumnDefinition, is: ColumnDefinition, add: AddChange): void {
  if (was.pii !== is.pii)
    add("personal-data", is.pii ? "becomes personal data" : "is no longer personal data", "readers");
  if (JSON.stringify(was.cleansing ?? []) !== JSON.stringify(is.cleansing ?? []))
    add("cleansing", "is cleansed in another way", "readers");
  if (was.description !== is.description) add("description", "is described in other words");
  if (was.discovered === true && is.discovered !== true)
    add("description", "was found in the data and is declared now");
}

function wholeChanges(before: ContractDefinition, after: ContractDefinition): readonly ContractChange[] {
  const found: ContractChange[] = [];
  const key = (contract: ContractDefinition): string => keyColumns(contract).join(", ") || "none";
  const order = (contract: ContractDefinition): string => versionColumn(contract)?.name ?? "receipt";
  const renamed = new Map(after.columns.map((column) => [column.renamedFrom, column.name]));
  const carried =
    keyColumns(before)
      .map((name) => renamed.get(name) ?? name)
      .join(", ") || "none";
  if (carried !== key(after))
    found.push({
      change: "key",
      summary: `the key changes from (${key(before)}) to (${key(after)})`,
      breaks: ["readers", "stored"],
    });
  if ((renamed.get(order(before)) ?? order(before)) !== order(after))
    found.push({
      change: "order",
      summary: `rows are ordered by ${order(after)}, no longer by ${order(before)}`,
      breaks: ["readers"],
    });
  const [was, is] = [before.evolution ?? "discard", after.evolution ?? "discard"];
  if (was !== is)
    found.push({
      change: "evolution",
      summary: `unknown fields: ${is}, no longer ${was}`,
      breaks: is === "freeze" ? ["senders"] : [],
    });
  if (JSON.stringify(before.deduplicate) !== JSON.stringify(after.deduplicate))
    found.push({ change: "deduplication", summary: "duplicates are told in another way", breaks: ["readers"] });
  return found;
}
