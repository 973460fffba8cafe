// Redirects are followed on the same host only, so that credentials never travel to another one.
import type { Dispatcher } from "undici";

interface Hop {
  readonly url: URL;
  readonly method: string;
}

/** Where to go next, or undefined when the answer is not a redirect that may be followed; then the answer itself counts. */
export function redirectTarget(hop: Hop, answer: Dispatcher.ResponseData): Hop | undefined {
  const location = answer.headers["location"];
  if (![301, 302, 303, 307, 308].includes(answer.statusCode) || typeof location !== "string") return undefined;
  const url = URL.parse(location, hop.url.href);
  if (url === null || !sameHost(hop.url, url)) return undefined;
  if (hop.method === "GET" || hop.method === "HEAD") return { url, method: hop.method };
  return answer.statusCode === 303 ? { url, method: "GET" } : undefined;
}

/** The same origin, or the same name on the default ports with http raised to https. */
function sameHost(from: URL, to: URL): boolean {
  if (from.origin === to.origin) return true;
  return (
    from.hostname === to.hostname &&
    from.protocol === "http:" &&
    to.protocol === "https:" &&
    from.port === "" &&
    to.port === ""
  );
}
