// A token endpoint as the strict ones are: each refresh token is good for one use. The pair before stays good until the new one is used for the first
// time, so that a client that dies in between is not locked out; a client that uses tokens before it keeps them is.
import type { Finding } from "../truth/finding.ts";
import { lost } from "../truth/finding.ts";

interface Pair {
  readonly access: string;
  readonly refresh: string;
}

/** Clients renew 30 s before the end: this leaves a token some tenths of a second. */
const expiresInSeconds = 30.4;

export class RotatingTokens {
  /** Both of the client; the newer one is not used yet while there are two. */
  #valid: Pair[];
  /** Access tokens of earlier pairs: requests with them may be on their way. */
  readonly #earlier = new Set<string>();
  #serial = 0;
  #refused = 0;

  constructor(firstRefresh: string) {
    this.#valid = [{ access: "", refresh: firstRefresh }];
  }

  get rotations(): number {
    return this.#serial;
  }

  /** The answer of the endpoint; undefined for a refresh token that is no good any more. */
  renew(refresh: string | null): object | undefined {
    const [before] = this.#valid;
    if (before === undefined || !this.#valid.some((pair) => pair.refresh === refresh)) {
      this.#refused += 1;
      return undefined;
    }
    // Of a pair that was never used its refresh token may come back: then it was kept, and is the one to go on from.
    const from = this.#valid.find((pair) => pair.refresh === refresh) ?? before;
    this.#serial += 1;
    const pair = { access: `access-${this.#serial}`, refresh: `refresh-${this.#serial}` };
    this.#valid = [from, pair];
    return { access_token: pair.access, refresh_token: pair.refresh, expires_in: expiresInSeconds };
  }

  /** True for a token that is good. The first use of a new pair ends the one before. */
  accepts(authorization: string | undefined): boolean {
    const access = authorization?.replace(/^Bearer /, "") ?? "";
    const used = this.#valid.findIndex((pair) => pair.access === access && access !== "");
    if (used < 0) return this.#earlier.has(access);
    for (const pair of this.#valid.slice(0, used)) this.#earlier.add(pair.access);
    this.#valid = this.#valid.slice(used);
    return true;
  }

  findings(): readonly Finding[] {
    if (this.#refused === 0) return [];
    return [
      lost(
        this.#refused,
        `${this.#refused} times the client came with a refresh token that was used up: it is locked out`,
      ),
    ];
  }
}
