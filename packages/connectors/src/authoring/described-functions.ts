// What documentation says of the functions that make values of options. The functions' own comments say the same in more words.

export interface FunctionDescription {
  readonly signature: string;
  readonly summary: string;
}

export const referenceFunctions: readonly FunctionDescription[] = [
  { signature: 'env("NAME", fallback?)', summary: "a setting of the environment or `.env`; its value may be shown" },
  {
    signature: 'secret("NAME")',
    summary: "a secret from the environment, `.env` or the secrets folder; its value is never shown",
  },
];

export const signatureFunctions: readonly FunctionDescription[] = [
  { signature: "signature.stripe(...secrets)", summary: "`Stripe-Signature: t=...,v1=...`, at most 5 minutes old" },
  {
    signature: "signature.github(...secrets)",
    summary: "`X-Hub-Signature-256`; a ping is answered and leaves no row",
  },
  {
    signature: "signature.slack(...secrets)",
    summary: "`X-Slack-Signature`, at most 5 minutes old; the challenge of a new address is answered",
  },
  { signature: "signature.shopify(...secrets)", summary: "`X-Shopify-Hmac-Sha256`" },
  {
    signature: "signature.standard(...secrets)",
    summary: "Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`",
  },
  {
    signature:
      "signature.hmac({ header, algorithm?, encoding?, prefix?, payload?, timestampHeader?, timestampUnit?, tolerance?, idHeader?, key? }, ...secrets)",
    summary: "any other HMAC; `payload` is text with `{body}`, `{timestamp}`, `{id}` and `{header:name}`",
  },
  {
    signature: "signature.token(header, ...secrets)",
    summary: "no signature: a header holds the secret itself",
  },
];

export const placeFunctions: readonly FunctionDescription[] = [
  {
    signature: "http({ urls?, index?, auth?, headers?, timeout?, bytesMax? })",
    summary:
      "for `from`: files behind addresses, or all that a page or document lists below its own folder; unchanged ones (ETag, Last-Modified) are not fetched again; `auth` as for rest()",
  },
  {
    signature: "sftp({ host, port?, username, password?, key?, passphrase?, hostKey, folder?, timeout?, bytesMax? })",
    summary: "for `from`: files of an SFTP server; `hostKey` is its fingerprint, as `ssh-keygen -lf` shows it",
  },
];

export const uploadFunctions: readonly FunctionDescription[] = [
  {
    signature: "blobColumns()",
    summary:
      "the columns of a table of files: `id` (the key), `name`, `type`, `size`, `sha256`, `object`, `received_at`",
  },
];

export const readinessFunctions: readonly FunctionDescription[] = [
  {
    signature: 'marker("_SUCCESS")',
    summary:
      "complete when this file stands in the same folder and is not older; `{name}` stands for the file's name: `{name}.done`",
  },
  {
    signature: 'manifest("manifest.json")',
    summary:
      "complete when this file names them and all that it names is there; checks SHA-256, MD5, sizes and numbers of records; JSON, CSV or checksum lines; also `{name}.sha256`",
  },
  {
    signature: 'archive("done/{yyyy}-{mm}-{dd}")',
    summary: "for `after`: loaded files move there, `{yyyy}`, `{mm}`, `{dd}`, `{hh}` being the moment of loading (UTC)",
  },
  {
    signature: 'quietPeriod("5s")',
    summary: "complete when size and time stood still for this long; `0s` for files that are renamed into place",
  },
];

export const authenticationFunctions: readonly FunctionDescription[] = [
  { signature: 'bearer(secret("TOKEN"))', summary: "header `Authorization: Bearer ...`" },
  { signature: 'apiKey({ header: "X-Key", value: secret("KEY") })', summary: "the key in a header" },
  {
    signature: 'apiKey({ query: "key", value: secret("KEY") })',
    summary: "the key in a query parameter; it never enters cursors or logs",
  },
  { signature: 'basic(env("USER"), secret("PASSWORD"))', summary: "HTTP Basic" },
  {
    signature:
      "oauth({ tokenUrl, clientId, clientSecret?, refreshToken?, grant?, username?, password?, scopes?, sendAs? })",
    summary:
      "OAuth 2.0: refresh token, client credentials or password; replaced refresh tokens are kept durably before use",
  },
  {
    signature: "jwt({ algorithm, key, passphrase?, claims?, headers?, lasts?, prefix? })",
    summary: "a token that is signed here; HS, RS, PS, ES and EdDSA algorithms",
  },
  {
    signature: 'session({ url, body, token: "$.token", header, prefix?, lasts? })',
    summary: "a login whose answer has the token",
  },
  {
    signature: "sigV4({ accessKeyId, secretAccessKey, sessionToken?, region, service })",
    summary: "AWS Signature Version 4",
  },
  {
    signature:
      "hmac({ secret, covers, header, algorithm?, encoding?, separator?, prefix?, timestampHeader?, timestampUnit? })",
    summary: "an HMAC over parts of the request",
  },
  {
    signature: "clientCertificate({ certificate, key, passphrase?, authorities?, and? })",
    summary: "mutual TLS; `and` proves the requests on top",
  },
];

export const paginationFunctions: readonly FunctionDescription[] = [
  {
    signature: 'cursor("$.next", { param?, more? })',
    summary:
      "the page names a token; `param` carries it (default `cursor`); no token, or false at the path `more`, ends the stream",
  },
  {
    signature: "page({ param?, start?, size?, sizeParam?, pages? })",
    summary:
      "numbered pages (default `page`, from 1); an empty page, one shorter than another before it, or the number at the path `pages` ends the stream",
  },
  {
    signature: "offset({ limit, param?, limitParam? })",
    summary:
      "moves on by the records that came (defaults `offset`, `limit`); an empty page or one shorter than another before it ends the stream",
  },
  { signature: 'nextUrl("$.next")', summary: "the page names the next address, on the same host" },
  { signature: "linkHeader()", summary: "the header `Link` names the next address, on the same host" },
];

export const streamFunctions: readonly FunctionDescription[] = [
  { signature: 'each("region", ["eu", "us"], { param? })', summary: "one partition per value" },
  {
    signature: 'parent("shops", { key: "$.id", as: "shop", param?, incremental? })',
    summary: "one partition per record of another stream, which may have partitions itself",
  },
  { signature: "jsonLines()", summary: "one JSON document per line" },
  { signature: "csv({ delimiter?, encoding?, nulls? })", summary: "rows named by their first line" },
  { signature: "xml()", summary: "elements as objects: attributes as `@name`, text beside them as `#text`" },
  { signature: 'jsonItems("$.data")', summary: "elements of one list in a large document, read one by one" },
  { signature: "gzip(of?)", summary: "compressed answers" },
  { signature: "zip(of?)", summary: "every file of an archive" },
  { signature: 'setField("$.shop", "{shop}")', summary: "sets a field; `{field}` stands for a value of the partition" },
  { signature: 'removeFields("$.internal", ...)', summary: "removes fields" },
  { signature: "flattenRecord({ lists? })", summary: "nested fields move to the top" },
  { signature: "snakeCaseKeys()", summary: "`fooBar` becomes `foo_bar`" },
  { signature: "lowerCaseKeys()", summary: "keys in lower case" },
];
