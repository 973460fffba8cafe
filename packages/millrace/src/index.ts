// What authors of a project import: `import { contract, t, files } from "millrace"`. Kept light, because every load of a project runs it.
export {
  check,
  contract,
  MillraceError,
  rule,
  sql,
  t,
  type Contract,
  type ContractDefinition,
  type ErrorCode,
  type ProjectConfig,
  type RowOf,
} from "@millrace/core";
export {
  apiKey,
  basic,
  bearer,
  cursor,
  env,
  events,
  files,
  linkHeader,
  marker,
  nextUrl,
  offset,
  page,
  quietPeriod,
  rest,
  secret,
} from "@millrace/connectors/authoring";
export { defineProject, type ProjectDeclaration } from "./define-project.ts";
