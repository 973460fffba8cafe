// `millrace quarantine fix|readmit|discard`: what people do to rejected rows. Every action says what it did, and can be tried with --dry-run.
import { randomUUID } from "node:crypto";
import { userInfo } from "node:os";
import { resolve } from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import { MillraceError, parseExact } from "@millrace/core";
import type { QuarantineChange, QuarantineRequest, QuarantineSelection } from "@millrace/runtime";
import type { Admin } from "../../admin/admin.ts";
import { command, CommandContext, identity, type CommonOptions } from "../command-context.ts";
import type { Io } from "../io.ts";
import { outcomeText } from "../quarantine-report.ts";

interface ActionOptions extends CommonOptions {
  readonly table?: string;
  readonly channel?: string;
  readonly code?: string;
  readonly where?: string;
  readonly dryRun?: boolean;
  readonly reason?: string;
}

interface FixOptions extends ActionOptions {
  readonly value: Readonly<Record<string, string>>;
  readonly null: readonly string[];
  readonly sql: Readonly<Record<string, string>>;
  readonly record?: unknown;
  readonly with?: string;
  readonly readmit?: boolean;
}

export function fixCommand(io: Io): Command {
  return actionCommand("fix", "repair the records of rejected rows; originals stay as they are", [
    "quarantine fix 17 3 --value price=12.50 --dry-run",
    "quarantine fix 17 3 --value price=12.50 --readmit",
    `quarantine fix --code sales.price.type --sql "price = replace(price, ',', '.')" --readmit`,
    "quarantine fix --table sales.sales --with fixes/price.ts --dry-run   # export function fix(record, row) { ... }",
  ])
    .option("--value <column=text>", "new value of a column; repeat for more", assignments, {})
    .option("--null <column>", "take the value of a column away; repeat for more", collected, [])
    .option("--sql <column=expression>", "new value by SQL over the record's columns, which are text", assignments, {})
    .option("--record <json>", "a whole new record, for a single row", jsonObject)
    .option("--with <file>", "a TypeScript file with: export function fix(record, row)")
    .option("--readmit", "re-admit what passes now")
    .action(async (batch: bigint | undefined, row: bigint | undefined, options: FixOptions) => {
      const request = requestOf("fix", { batch, row }, options);
      const asked = { ...request, readmit: options.readmit === true };
      if (options.with !== undefined) return runAction(io, options, (admin) => fixWith(io, admin, asked, options));
      return runAction(io, options, (admin) =>
        admin.quarantineAct({ ...asked, change: changeOf(options, batch, row) }),
      );
    });
}

export function readmitCommand(io: Io): Command {
  return actionCommand("readmit", "judge rejected rows again; those that pass become trusted", [
    "quarantine readmit 17 3",
    "quarantine readmit --table sales.sales --dry-run",
    "quarantine readmit --code sales.store.type --reason 'the contract knows the store now'",
  ]).action((batch: bigint | undefined, row: bigint | undefined, options: ActionOptions) =>
    runAction(io, options, (admin) => admin.quarantineAct(requestOf("readmit", { batch, row }, options))),
  );
}

export function discardCommand(io: Io): Command {
  return actionCommand("discard", "settle rejected rows that nobody will repair; a reason is required", [
    "quarantine discard 17 3 --reason 'test order'",
    `quarantine discard --table sales.sales --where "email LIKE '%@test.example'" --reason 'test orders' --dry-run`,
  ]).action((batch: bigint | undefined, row: bigint | undefined, options: ActionOptions) =>
    runAction(io, options, (admin) => admin.quarantineAct(requestOf("discard", { batch, row }, options))),
  );
}

function actionCommand(name: string, description: string, examples: readonly string[]): Command {
  return command(name, description, examples)
    .argument("[batch]", "number of a batch", identity)
    .argument("[row]", "number of a row in it", identity)
    .option("-t, --table <name>", "rows of one table, domain.table")
    .option("-c, --channel <name>", "rows of one channel, domain.name")
    .option("--code <code>", "rows with this code, e.g. promotions.price.min")
    .option("--where <predicate>", "rows whose record fits: SQL over its columns, which are text")
    .option("--dry-run", "show what would happen, and change nothing")
    .option("--reason <text>", "why; kept with what was done");
}

async function runAction(
  io: Io,
  options: ActionOptions,
  work: (admin: Admin) => ReturnType<Admin["quarantineAct"]>,
): Promise<void> {
  const context = new CommandContext(io, options);
  const outcome = await context.admin({ live: false }, work);
  context.answer(outcome, () => outcomeText(outcome));
}

function requestOf(
  kind: QuarantineRequest["kind"],
  place: { readonly batch: bigint | undefined; readonly row: bigint | undefined },
  options: ActionOptions,
): QuarantineRequest {
  const { table, channel, code, where, dryRun = false, reason } = options;
  const named = { ...place, table, channel, code, where };
  const given = Object.entries(named).filter(([, value]) => value !== undefined);
  const selection = Object.fromEntries(given) as QuarantineSelection;
  return {
    id: randomUUID(),
    kind,
    selection,
    dryRun,
    by: userInfo().username,
    ...(reason === undefined ? {} : { reason }),
  };
}

function changeOf(options: FixOptions, batch: bigint | undefined, row: bigint | undefined): QuarantineChange {
  const values = { ...options.value, ...Object.fromEntries(options.null.map((name) => [name, null])) };
  const kinds = [Object.keys(values).length > 0, Object.keys(options.sql).length > 0, options.record !== undefined];
  if (kinds.filter(Boolean).length !== 1)
    throw new MillraceError("request-invalid", "A fix needs one of --value and --null, --sql, --record, or --with.", {
      hint: "See: millrace quarantine fix --help. Nothing was changed.",
    });
  if (kinds[0] === true) return { kind: "values", set: values };
  if (kinds[1] === true) return { kind: "sql", set: options.sql };
  if (batch === undefined || row === undefined)
    throw new MillraceError("request-invalid", "--record is for a single row: name its batch and its number.");
  return { kind: "records", records: [{ batch, row, record: options.record }] };
}

async function fixWith(
  io: Io,
  admin: Admin,
  request: QuarantineRequest,
  options: FixOptions,
): ReturnType<Admin["quarantineAct"]> {
  if (options.where !== undefined)
    throw new MillraceError(
      "request-invalid",
      "--where and --with do not go together: let the function return nothing.",
    );
  const [{ openFix }, { fixRows }] = await Promise.all([
    import("../../fixes/run-fix.ts"),
    import("../../fixes/fix-rows.ts"),
  ]);
  const file = resolve(io.cwd, options.with ?? "");
  await using fix = await openFix(file);
  return await fixRows(admin, fix, request, file);
}

function assignments(text: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const at = text.indexOf("=");
  const name = text.slice(0, at).trim();
  if (at < 1 || name === "") throw new InvalidArgumentError("column=value is expected.");
  return { ...before, [name]: text.slice(at + 1).trim() };
}

function collected(text: string, before: readonly string[]): string[] {
  return [...before, text];
}

function jsonObject(text: string): unknown {
  try {
    const value = parseExact(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Told below.
  }
  throw new InvalidArgumentError("A JSON object is expected.");
}
