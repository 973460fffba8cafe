// Regular expressions run in two engines: RE2 in the warehouse, whose time is linear, and JavaScript's, which backtracks. This file says what RE2 gets,
// and gives a JavaScript expression only for patterns that mean the same there and whose time is bounded.

/** What only JavaScript knows: look-around, back references, escapes by code point and by property. */
export function unknownToWarehouse(pattern: string): string | undefined {
  const known = /(?<foreign>\(\?<?[=!]|\\[1-9]|\\k<|\\u[0-9a-fA-F{])|\\./gs;
  return [...pattern.matchAll(known)].find(({ groups }) => groups?.["foreign"] !== undefined)?.[0];
}

/** RE2 spells named groups with a P. */
export function warehousePattern(pattern: string): string {
  return pattern.replaceAll(
    /(\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\\\]])*\])|\(\?<(?![=!])/gs,
    (_found, escaped?: string) => escaped ?? "(?P<",
  );
}

export interface SharedPattern {
  readonly expression: RegExp;
  /** Longer texts are left to the warehouse, because backtracking could take too long. UTF-16 units. */
  readonly textMax: number;
}

/** Steps that one match may take, about. */
const stepsMax = 2 ** 25;
/** Ways in which the repetitions and alternatives with an end may read one text, from one place and with nothing else repeated. */
const waysMax = 2 ** 19;
const lengthMax = 1_000_000;
/** `\s` of RE2 has no vertical tab and no white space beyond ASCII. */
const blank = String.raw`\t\n\f\r `;
const token =
  /\\x[0-9a-fA-F]{2}|\\.|\[\^?|\]|\(\?:|\(\?<[A-Za-z_]\w*>|\(\?|[()|.^$]|[*+?]\??|\{\d+(?:,\d*)?\}\??|[^\\]/gsu;

/** The pattern for JavaScript, or the reason why the warehouse alone can judge it. */
export function sharedPattern(pattern: string): SharedPattern | string {
  const reading = new Reading();
  for (const [found] of pattern.matchAll(token)) {
    const problem = reading.inClass ? reading.classToken(found) : reading.token(found);
    if (problem !== undefined) return problem;
  }
  const { ways } = reading;
  if (ways > waysMax) return "it may be read in too many ways by JavaScript";
  const degree = reading.unbounded + (reading.anchored ? 0 : 1);
  const textMax = degree === 0 ? lengthMax : Math.min(lengthMax, Math.floor((stepsMax / ways) ** (1 / degree)));
  try {
    return { expression: new RegExp(reading.source, "u"), textMax };
  } catch {
    return `JavaScript does not know ${pattern}`;
  }
}

/** A group that is open or was closed just now. */
interface Group {
  /** It holds an alternative or a repetition, so that one text may be read in several ways. */
  varies: boolean;
  /** It holds a repetition without end. */
  endless: boolean;
  /** Ways to read its alternatives that are complete, and what stands of the last one. */
  before: number;
  ways: number;
}

const unread = { varies: false, endless: false, before: 0, ways: 1 } as const satisfies Group;

/** Repetitions of what varies, where their number is fixed. */
const fixedMax = 8;

/** Rewrites token by token, and watches for repetitions inside repetitions. */
class Reading {
  source = "";
  unbounded = 0;
  /** Every alternative begins at the beginning of the text. */
  anchored = true;
  inClass = false;
  #classStart = false;
  readonly #whole: Group = { ...unread };
  readonly #groups: Group[] = [];
  #closed: Group | undefined;
  /** What stood before the token. */
  #before = "";
  #ended = false;

  get ways(): number {
    return waysOf(this.#whole);
  }

  token(found: string): string | undefined {
    const closed = this.#closed;
    this.#closed = undefined;
    const misplaced = this.#anchor(found);
    this.#before = found;
    if (misplaced !== undefined) return misplaced;
    if (/^[*+?{]/.test(found)) return this.#repetition(found, closed);
    if (found.startsWith("[")) return this.#openClass(found);
    if (found.startsWith("(")) return this.#openGroup(found);
    if (found === ")") this.#close();
    if (found === "|") this.#alternative();
    if (found.startsWith("\\")) return this.#escape(found);
    this.source += found === "." ? String.raw`[^\n]` : found;
    return undefined;
  }

  /** RE2 has been seen to find an anchor in the middle of a text; it stands at the edge of the pattern, a group or an alternative. */
  #anchor(found: string): string | undefined {
    const after = this.#ended;
    this.#ended = found === "$";
    if (after && found !== ")" && found !== "|") return "$ stands before the end";
    const first = this.#before === "" || this.#before === "|" || this.#before.startsWith("(");
    if (first && this.#groups.length === 0 && found !== "^") this.anchored = false;
    return found === "^" && !first ? "^ stands behind the beginning" : undefined;
  }

  #inner(): Group {
    return this.#groups.at(-1) ?? this.#whole;
  }

  #close(): void {
    this.#closed = this.#groups.pop();
    if (this.#closed !== undefined) this.#inner().ways *= waysOf(this.#closed);
  }

  #alternative(): void {
    this.#mark({ varies: true });
    const inner = this.#inner();
    inner.before += inner.ways;
    inner.ways = 1;
  }

  #mark(facts: Partial<Pick<Group, "varies" | "endless">>): void {
    for (const group of this.#groups) Object.assign(group, facts);
  }

  classToken(found: string): string | undefined {
    const first = this.#classStart;
    this.#classStart = false;
    if (found === "]") {
      if (first) return "an empty class is read differently";
      this.inClass = false;
    }
    if (found === "[") return "a [ inside a class is read differently";
    if (found === String.raw`\S`) return String.raw`\S inside a class has other characters in JavaScript`;
    if (found === String.raw`\b`) return String.raw`\b inside a class is read differently`;
    if (found.startsWith("\\") && !/^\\(?:[dDwWstnrfv]|x|[^a-zA-Z0-9])/.test(found))
      return `${found} is read differently`;
    this.source += found === String.raw`\s` ? blank : found;
    return undefined;
  }

  #openClass(found: string): undefined {
    this.inClass = true;
    this.#classStart = true;
    this.source += found;
    return undefined;
  }

  #openGroup(found: string): string | undefined {
    if (found === "(?") return "flags inside a pattern are known to the warehouse alone";
    this.#groups.push({ ...unread });
    this.source += found;
    return undefined;
  }

  #repetition(found: string, closed: Group | undefined): string | undefined {
    const unbounded = /^[*+]|^\{\d+,\}/.test(found);
    if (closed?.varies === true && !this.#isBounded(found, closed))
      return "a repetition inside a repetition may take too long in JavaScript";
    if (unbounded) this.unbounded += 1;
    else this.#inner().ways *= repeatedWays(found, closed === undefined ? 1 : waysOf(closed));
    if (unbounded || found.includes(",") || found.startsWith("?") || closed?.varies === true)
      this.#mark({ varies: true });
    if (unbounded || closed?.endless === true) this.#mark({ endless: true });
    this.source += found;
    return undefined;
  }

  #isBounded(found: string, closed: Group): boolean {
    if (found.startsWith("?")) return true;
    const count = /^\{(\d+)\}/.exec(found)?.[1];
    return count !== undefined && Number(count) <= fixedMax && !closed.endless;
  }

  #escape(found: string): string | undefined {
    if (found === String.raw`\s` || found === String.raw`\S`) {
      this.source += found === String.raw`\s` ? `[${blank}]` : `[^${blank}]`;
      return undefined;
    }
    if (!/^\\(?:[dDwWbBtnrfv]|x|[^a-zA-Z0-9])/.test(found)) return `${found} is known to the warehouse alone`;
    this.source += found;
    return undefined;
  }
}

function waysOf({ before, ways }: Group): number {
  return before + ways;
}

/** @param once ways to read what is repeated, which are counted already */
function repeatedWays(repetition: string, once: number): number {
  if (repetition.startsWith("?")) return (once + 1) / once;
  const [least = 1, most = least] = (repetition.match(/\d+/g) ?? []).map(Number);
  return once ** Math.max(0, most - 1) * (most - least + 1);
}
