// What authors write, without the engines behind it: a project's files import this through `millrace`, so it loads no network and no watcher.
export { airbyte } from "./manifest/channel/airbyte.ts";
export { delivery, toFile, toRest, toWebhook } from "./deliver/delivery.ts";
export { env, secret } from "./authoring/references.ts";
export { events } from "./events/events.ts";
export { archive, files, http, manifest, marker, quietPeriod, sftp } from "./files/files.ts";
export { apiKey, basic, bearer, clientCertificate, hmac, jwt, oauth, session, sigV4 } from "./rest/authentication.ts";
export { cursor, linkHeader, nextUrl, offset, page } from "./rest/pagination.ts";
export { rest } from "./rest/rest.ts";
export {
  csv,
  each,
  flattenRecord,
  gzip,
  jsonItems,
  jsonLines,
  lowerCaseKeys,
  parent,
  removeFields,
  setField,
  snakeCaseKeys,
  xml,
  zip,
} from "./rest/stream-shapes.ts";
export { blobColumns } from "./uploads/blob-columns.ts";
export { uploads } from "./uploads/uploads.ts";
export { signature } from "./webhook/signature-config.ts";
export { webhook } from "./webhook/webhook.ts";
