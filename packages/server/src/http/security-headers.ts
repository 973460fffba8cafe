// Headers of every answer. There is no HTML and no cross-origin access: a browser may neither guess types, nor frame, nor run anything.

export const securityHeaders: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

/** Answers of the data API may be kept by the client alone, and are asked for again with their ETag. */
export const dataCacheControl = "private, no-cache";

export const jsonContentType = "application/json; charset=utf-8";
export const linesContentType = "application/x-ndjson; charset=utf-8";
