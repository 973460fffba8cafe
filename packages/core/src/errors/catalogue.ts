// Every error code of the platform, in one place. docs/errors.md is generated from it; a tidy test keeps both equal.
// A code once published is never reused: retired codes move to `retiredCodes`.

import type { CatalogueEntry, ErrorKind } from "./catalogue-entry.ts";
import { contractFileCodes } from "./catalogue-contract-files.ts";
import { filesCodes } from "./catalogue-files.ts";
import { formatCodes } from "./catalogue-formats.ts";
import { deliveryCodes } from "./catalogue-deliveries.ts";
import { manifestCodes } from "./catalogue-manifests.ts";
import { receivedCodes } from "./catalogue-received.ts";

export type { ErrorKind };

function entries<const T extends Readonly<Record<string, CatalogueEntry>>>(table: T): T {
  return table;
}

export const catalogue = entries({
  // General
  internal: {
    kind: "bug",
    summary: "An unexpected fault inside Millrace.",
    solve: "Report it with the log line; committed data is safe.",
  },
  "deadline-exceeded": {
    kind: "transient",
    summary: "An operation did not finish within its time limit.",
    solve: "Try again, or raise the limit that the message names.",
  },
  cancelled: {
    kind: "user",
    status: 499,
    summary: "The operation was cancelled.",
    solve: "Start it again when needed; nothing half-done was committed.",
  },
  overloaded: {
    kind: "transient",
    status: 503,
    summary: "A bounded queue is full.",
    solve: "Slow down and try again after the time in Retry-After.",
  },

  // Project and configuration
  "project-not-found": {
    kind: "user",
    summary: "The folder holds no Millrace project.",
    solve: "Run the command in a folder with millrace.config.ts, or create one with: millrace init <folder>.",
  },
  "project-invalid": {
    kind: "user",
    summary: "A definition of the project is wrong.",
    solve: "Correct the file and line that the message names; nothing was started.",
  },
  "project-code-failed": {
    kind: "user",
    summary: "A project file threw while it was loaded.",
    solve: "Correct the file and line that the message names.",
  },
  "contract-invalid": {
    kind: "user",
    summary: "A contract contradicts itself.",
    solve: "Correct the contract; nothing was changed.",
  },
  "contract-conflict": {
    kind: "user",
    status: 409,
    summary: "A contract contradicts the stored table.",
    solve:
      "State in the contract what is meant, as the hint says (docs/guides/schema-evolution.md); nothing was changed.",
  },
  "secret-missing": {
    kind: "user",
    summary: "A referenced secret or environment variable is not set.",
    solve: "Set it in the environment, in .env, or in the secrets folder.",
  },

  // Data folder and stores
  "data-folder-locked": {
    kind: "user",
    status: 409,
    summary: "Another process owns the data folder.",
    solve: "Use the running instance, or stop it first.",
  },
  "data-folder-newer": {
    kind: "user",
    summary: "The data folder was written by a newer version.",
    solve: "Upgrade Millrace; the folder was not touched.",
  },
  "data-folder-invalid": {
    kind: "corrupt",
    summary: "The data folder is incomplete or damaged.",
    solve: "Run: millrace doctor; restore from a backup if it says so.",
  },
  "storage-failed": {
    kind: "corrupt",
    summary: "A write or sync of storage failed; the writer has stopped.",
    solve: "Free space or repair the disk, then restart; what was acknowledged is safe.",
  },
  "storage-full": {
    kind: "corrupt",
    status: 507,
    summary: "The disk is full; the writer has stopped.",
    solve: "Free space, then restart; what was acknowledged is safe.",
  },
  "storage-poisoned": {
    kind: "corrupt",
    summary: "The writer stopped after an earlier storage error.",
    solve: "Look at the first error, repair the disk and restart.",
  },
  "object-missing": {
    kind: "corrupt",
    status: 404,
    summary: "A raw object is not in the object store.",
    solve: "Restore the raw folder from a backup; the tables are not affected.",
  },
  "object-damaged": {
    kind: "corrupt",
    summary: "A raw object does not have the content its name promises.",
    solve: "Restore the raw folder from a backup; the tables are not affected.",
  },
  "folder-not-empty": {
    kind: "user",
    status: 409,
    summary: "A folder that should be new holds something already.",
    solve: "Choose another folder; nothing was changed.",
  },
  "backup-invalid": {
    kind: "user",
    summary: "The backup is incomplete or not a Millrace backup.",
    solve: "Choose another backup folder; nothing was restored.",
  },

  // Event log
  "log-incarnation-mismatch": {
    kind: "corrupt",
    summary: "A cursor belongs to another incarnation of the event log.",
    solve: "Restore log and warehouse from the same backup, or reset the channel deliberately.",
  },
  "log-offset-out-of-range": {
    kind: "corrupt",
    summary: "A cursor points outside the event log.",
    solve: "Restore log and warehouse from the same backup, or reset the channel deliberately.",
  },

  // Warehouse
  "warehouse-out-of-memory": {
    kind: "transient",
    summary: "The warehouse ran out of its memory budget.",
    solve: "Raise the memory budget or lower the batch size; nothing of this batch was written.",
  },
  "warehouse-conflict": {
    kind: "transient",
    summary: "Two transactions changed the same rows.",
    solve: "The work is retried by itself; nothing was written.",
  },
  "query-invalid": {
    kind: "user",
    summary: "A SQL statement cannot be parsed or bound.",
    solve: "Correct the statement at the position that the message names.",
  },
  "query-refused": {
    kind: "user",
    status: 403,
    summary: "A statement is not allowed here.",
    solve: "Use a single SELECT statement.",
  },
  "query-failed": {
    kind: "user",
    summary: "A SQL statement failed while it ran.",
    solve: "Correct the statement; nothing was changed.",
  },
  "result-truncated": {
    kind: "transient",
    summary: "A streamed result ended before its last row.",
    solve: "Ask again; the partial answer must not be used.",
  },

  // Loader and ledger
  "batch-fenced": {
    kind: "transient",
    summary: "Another owner advanced the channel; this batch was abandoned.",
    solve: "Nothing to do: the new owner continues; nothing of this batch was written.",
  },
  "batch-unreadable": {
    kind: "user",
    summary: "A raw object cannot be decoded as its declared format.",
    solve: "Correct the format of the channel or the source file, then: millrace replay.",
  },
  "batch-blocked": {
    kind: "user",
    status: 422,
    summary: "A rule of severity block refused a whole batch; nothing of it was written, its raw objects are kept.",
    solve:
      "Correct the source or the rule that the message names. A file is looked at again when it changes; a page stands in quarantine: millrace replay <batch>.",
  },
  "batch-not-found": {
    kind: "user",
    status: 404,
    summary: "There is no batch with this number.",
    solve: "List the batches with: millrace status --batches.",
  },
  "counts-disagree": {
    kind: "bug",
    summary: "received is not accepted + quarantined + duplicate.",
    solve: "The batch was rolled back; report it with the log line.",
  },
  "channel-not-found": {
    kind: "user",
    status: 404,
    summary: "There is no channel with this name.",
    solve: "List the channels with: millrace status.",
  },
  "channel-invalid": {
    kind: "user",
    summary: "A channel's declaration is wrong.",
    solve: "Correct the file and line that the message names.",
  },
  ...manifestCodes,
  ...receivedCodes,
  ...contractFileCodes,

  // Deliveries
  ...deliveryCodes,
  "quarantine-not-found": {
    kind: "user",
    status: 404,
    summary: "There is no quarantined row with this identity.",
    solve: "List them with: millrace quarantine list.",
  },

  ...filesCodes,
  ...formatCodes,

  // Upstream APIs
  "upstream-unavailable": {
    kind: "transient",
    summary: "An upstream API did not answer or answered with a server error.",
    solve: "It is tried again by itself; committed pages are kept.",
  },
  "upstream-refused": {
    kind: "user",
    summary: "An upstream API refused the request.",
    solve: "Check credentials and parameters of the channel; committed pages are kept.",
  },
  "upstream-rate-limited": {
    kind: "transient",
    summary: "An upstream API keeps answering that the limit is exceeded.",
    solve: "Lower rateLimit of the channel; committed pages are kept.",
  },
  "upstream-not-json": {
    kind: "user",
    summary: "An upstream API answered with something that is not the declared format.",
    solve: "Check the address and the credentials; committed pages are kept.",
  },
  "upstream-records-missing": {
    kind: "user",
    summary: "A page has no records at the declared path.",
    solve: "Correct `records` of the stream; committed pages are kept.",
  },
  "upstream-too-large": {
    kind: "user",
    summary: "A page of an upstream API is larger than the limit.",
    solve: "Ask for smaller pages with the parameters of the channel; committed pages are kept.",
  },
  "cursor-loop": {
    kind: "user",
    summary: "An upstream API hands out the same next page again and again.",
    solve: "Correct `page` of the stream; committed pages are kept.",
  },
  "upstream-job-failed": {
    kind: "transient",
    summary: "A job that an upstream was asked to prepare failed, or took too long, again and again.",
    solve: "It is tried again with the next read; look at the upstream for the reason. Committed slices are kept.",
  },
  "request-conflict": {
    kind: "user",
    summary: "Two parts of a stream set the same parameter, header or body field of a request.",
    solve: "Leave one of the two out; committed pages are kept.",
  },
  "state-invalid": {
    kind: "user",
    summary: "The stored state of a stream does not fit its cursor.",
    solve: "Correct the formats of the cursor, or reset the stream; committed pages are kept.",
  },
  "auth-failed": {
    kind: "user",
    summary: "An upstream did not issue a token for the channel's credentials.",
    solve:
      "Check the credentials of the channel and sign in again where the upstream asks for it; committed pages are kept.",
  },
  "egress-refused": {
    kind: "user",
    status: 403,
    summary: "An outgoing request goes to an address that is not allowed.",
    solve: "Declare the address in allowAddresses of the project if it is intended.",
  },

  // HTTP interface
  unauthorized: {
    kind: "user",
    status: 401,
    summary: "The request carries no valid token.",
    solve: "Send: Authorization: Bearer <token>.",
  },
  forbidden: {
    kind: "user",
    status: 403,
    summary: "The caller's token does not allow this.",
    solve: "Use a token that has the permission which the message names.",
  },
  "not-found": {
    kind: "user",
    status: 404,
    summary: "There is nothing at this address.",
    solve: "See /openapi.json for what is served.",
  },
  "request-invalid": {
    kind: "user",
    status: 400,
    summary: "The request is malformed.",
    solve: "Correct the part that the message names; nothing was written.",
  },
  "request-too-large": {
    kind: "user",
    status: 413,
    summary: "The request is larger than the limit.",
    solve: "Send smaller requests; nothing was written.",
  },
  "media-type-unsupported": {
    kind: "user",
    status: 415,
    summary: "The media type is not supported here.",
    solve: "Use one of the types that the message names.",
  },
  "not-acceptable": {
    kind: "user",
    status: 406,
    summary: "No representation fits the Accept header.",
    solve: "Accept application/json or text/csv.",
  },
  "range-not-satisfiable": {
    kind: "user",
    status: 416,
    summary: "The asked range starts behind the last row.",
    solve: "Ask for a range that starts before the total in Content-Range.",
  },
  "events-rejected": {
    kind: "user",
    status: 422,
    summary: "No event of the request passes its contract.",
    solve: "Correct the events; they stand in quarantine and need not be sent again.",
  },
  "idempotency-conflict": {
    kind: "user",
    status: 409,
    summary: "An idempotency key was used before with another body.",
    solve: "Use a new key for new data; nothing was written.",
  },
  "listen-failed": {
    kind: "user",
    summary: "The server cannot listen on its address.",
    solve: "Choose another address or port; the message names what the system answered.",
  },
  "port-in-use": {
    kind: "user",
    summary: "The port is taken by another process.",
    solve: "Choose another with --port.",
  },

  // Models
  "model-invalid": {
    kind: "user",
    summary: "A model cannot be parsed, bound or planned.",
    solve: "Correct the file and line that the message names; the last good table stays.",
  },
  "model-cycle": {
    kind: "user",
    summary: "Models depend on each other in a circle.",
    solve: "Break the circle at one of the models that the message names.",
  },
  "check-failed": {
    kind: "user",
    summary: "A blocking check of a model failed; the last good table stays.",
    solve: "Look at the failing rows with the query that the message names.",
  },
});

export type ErrorCode = keyof typeof catalogue;

/** Codes that were published once and are gone. They are never used again. */
export const retiredCodes: readonly string[] = [];
