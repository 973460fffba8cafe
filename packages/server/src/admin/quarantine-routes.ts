// `/admin/quarantine...`: rejected rows to look at, repair, re-admit and discard. Personal data is shown to operators alone; who did what is kept.
import type { FastifyInstance, FastifyRequest } from "fastify";
import { MillraceError } from "@millrace/core";
import type {
  Platform,
  QuarantineChange,
  QuarantineFilter,
  QuarantineRequest,
  QuarantineSelection,
} from "@millrace/runtime";
import { adminLimits, listLimit, operate, read, seesPersonalData, sendJson } from "./admin-answer.ts";
import { bodyOf, parametersOf, textField, wholeNumber } from "./admin-request.ts";

const filterNames = ["table", "channel", "code", "state", "batch", "after", "showPii", "limit"] as const;
const kinds = ["fix", "readmit", "discard"] as const;

type Fields = Readonly<Record<string, unknown>>;

export function addQuarantineRoutes(app: FastifyInstance, platform: Platform): void {
  app.get("/admin/quarantine", read, async (request, reply) =>
    sendJson(reply, { rows: await platform.quarantineList(filterOf(request)) }),
  );
  app.get<{ Params: { batch: string; row: string } }>("/admin/quarantine/:batch/:row", read, async (request, reply) => {
    const showPii = mayShowPii(request, parametersOf(request, ["showPii"]).showPii);
    const { batch, row } = request.params;
    return sendJson(
      reply,
      await platform.quarantineShow(wholeNumber("batch", batch), wholeNumber("row", row), { showPii }),
    );
  });
  for (const kind of kinds)
    app.post(`/admin/quarantine/${kind}`, operate, async (request, reply) =>
      sendJson(reply, await platform.quarantineAct(actionOf(kind, request))),
    );
}

function filterOf(request: FastifyRequest): QuarantineFilter {
  const { limit, state, batch, after, showPii, ...names } = parametersOf(request, filterNames);
  return {
    ...names,
    ...(state === undefined || state === "all" ? {} : { state }),
    ...(batch === undefined ? {} : { batch: wholeNumber("batch", batch) }),
    ...(after === undefined ? {} : { after: placeOf(after) }),
    showPii: mayShowPii(request, showPii),
    limit: listLimit(limit),
  };
}

/** `batch:row`, as a page ended. */
function placeOf(text: string): { readonly batch: bigint; readonly row: bigint } {
  const [batch, row, more] = text.split(":");
  if (more !== undefined) throw new MillraceError("request-invalid", "after is not batch:row.");
  return { batch: wholeNumber("after", batch), row: wholeNumber("after", row) };
}

function mayShowPii(request: FastifyRequest, wanted: string | undefined): boolean {
  if (wanted !== "true") return false;
  if (seesPersonalData(request)) return true;
  throw new MillraceError("forbidden", "Personal data is shown to operators alone.", {
    details: { permission: "platform.operate" },
  });
}

function actionOf(kind: QuarantineRequest["kind"], request: FastifyRequest): QuarantineRequest {
  const body = bodyOf(request);
  const known = ["id", "selection", "change", "readmit", "dryRun", "reason", "by"];
  refuseUnknown(body, known, "the body");
  const reason = optionalText(body, "reason", adminLimits.reasonCharsMax);
  const change = body["change"] === undefined ? undefined : changeOf(object(body, "change"));
  return {
    id: textField(body, "id", adminLimits.requestCharsMax),
    kind,
    selection: selectionOf(object(body, "selection")),
    ...(change === undefined ? {} : { change }),
    readmit: flag(body, "readmit"),
    dryRun: flag(body, "dryRun"),
    by: actorOf(request, body),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** Whoever holds the owner's token sits at the machine, and says which of its users that is. */
function actorOf(request: FastifyRequest, body: Fields): string {
  const id = request.principal?.id ?? "unknown";
  const by = optionalText(body, "by", adminLimits.requestCharsMax);
  return id === "token:owner" && by !== undefined ? by : id;
}

function selectionOf(fields: Fields): QuarantineSelection {
  refuseUnknown(fields, ["table", "channel", "code", "batch", "row", "where"], "selection");
  const texts: { -readonly [K in "table" | "channel" | "code" | "where"]?: string } = {};
  for (const name of ["table", "channel", "code", "where"] as const) {
    const text = optionalText(fields, name, adminLimits.sqlCharsMax);
    if (text !== undefined) texts[name] = text;
  }
  return {
    ...texts,
    ...(fields["batch"] === undefined ? {} : { batch: wholeNumber("batch", fields["batch"]) }),
    ...(fields["row"] === undefined ? {} : { row: wholeNumber("row", fields["row"]) }),
  };
}

function changeOf(fields: Fields): QuarantineChange {
  const { kind } = fields;
  if (kind === "records") {
    refuseUnknown(fields, ["kind", "records", "source"], "change");
    const source = optionalText(fields, "source", adminLimits.pathCharsMax);
    if (!Array.isArray(fields["records"])) throw invalid("records is no list");
    return { kind, records: fields["records"].map(recordOf), ...(source === undefined ? {} : { source }) };
  }
  if (kind !== "sql" && kind !== "values") throw invalid("change.kind is sql, values or records");
  refuseUnknown(fields, ["kind", "set"], "change");
  const set = Object.entries(object(fields, "set"));
  if (kind === "values") {
    const wrong = set.find(([, value]) => value !== null && typeof value !== "string");
    if (wrong !== undefined) throw invalid(`the value of ${wrong[0]} is no text`);
    return { kind, set: Object.fromEntries(set) as Record<string, string | null> };
  }
  for (const [name, value] of set)
    if (typeof value !== "string" || value.trim() === "") throw invalid(`the expression of ${name} is no text`);
  return { kind, set: Object.fromEntries(set) as Record<string, string> };
}

function recordOf(value: unknown): { readonly batch: bigint; readonly row: bigint; readonly record: unknown } {
  if (typeof value !== "object" || value === null) throw invalid("a record is no object");
  const { batch, row, record } = value as Fields;
  return { batch: wholeNumber("batch", batch), row: wholeNumber("row", row), record };
}

function object(fields: Fields, name: string): Fields {
  const value = fields[name];
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw invalid(`${name} is missing or no object`);
}

function optionalText(fields: Fields, name: string, charsMax: number): string | undefined {
  return fields[name] === undefined ? undefined : textField(fields, name, charsMax);
}

function flag(fields: Fields, name: string): boolean {
  const value = fields[name] ?? false;
  if (typeof value !== "boolean") throw invalid(`${name} is neither true nor false`);
  return value;
}

function refuseUnknown(fields: Fields, known: readonly string[], where: string): void {
  const unknown = Object.keys(fields).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw invalid(`${JSON.stringify(unknown.slice(0, 50))} is not known in ${where}; known: ${known.join(", ")}`);
}

function invalid(problem: string): MillraceError {
  return new MillraceError("request-invalid", `${problem[0]?.toUpperCase()}${problem.slice(1)}; nothing was changed.`);
}
