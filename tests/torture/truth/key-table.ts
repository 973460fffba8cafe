// Truth of a table that is merged by key: of each key the highest version that was sent, whatever the order in which versions arrived.
import { duplicated, lost, type Finding } from "./finding.ts";
import { hashSql, rowHash, type SentRow } from "./rows.ts";
import { sqlName, type Moment, type Query, type TableName, type TableTruth } from "./table-truth.ts";

interface Key {
  /** Hash by version. */
  readonly versions: Map<number, bigint>;
  highest: number;
  /** Highest version that was ever seen in the table; 0: none. */
  seen: number;
}

export class KeyTable implements TableTruth {
  readonly domain: string;
  readonly name: string;
  readonly columns: readonly string[];
  /** A merge moves rows on to later batches. */
  readonly keepsBatches = false;
  readonly #keys = new Map<string, Key>();
  readonly #bad = new Set<string>();

  constructor({ domain, name, columns }: TableName) {
    this.domain = domain;
    this.name = name;
    this.columns = columns;
  }

  /** To be called before the first byte leaves. */
  begin(rows: readonly SentRow[], isGood: (row: SentRow) => boolean): void {
    for (const row of rows) {
      if (isGood(row)) this.#sent(row);
      else this.#bad.add(String(row["id"]));
    }
  }

  #sent(row: SentRow): void {
    const id = String(row["id"]);
    const version = Number(row["version"]);
    const key = this.#keys.get(id) ?? { versions: new Map<number, bigint>(), highest: 0, seen: 0 };
    key.versions.set(version, rowHash(this.columns, row));
    key.highest = Math.max(key.highest, version);
    this.#keys.set(id, key);
  }

  get acknowledgedRows(): number {
    return this.#keys.size;
  }

  openBad(): ReadonlySet<string> {
    return this.#bad;
  }

  async check(query: Query, moment: Moment): Promise<readonly Finding[]> {
    const found = await query(`SELECT id, version, ${hashSql(this.columns)} FROM ${sqlName(this)}`);
    const findings: Finding[] = [];
    const visible = new Map<string, number>();
    for (const [idValue, versionValue, hash] of found) {
      const [id, version] = [String(idValue), Number(versionValue)];
      const where = `key ${id} version ${version} of ${sqlName(this)}`;
      if (visible.has(id)) findings.push(duplicated(1, `${where}: the key is there twice`));
      visible.set(id, version);
      const sent = this.#keys.get(id)?.versions.get(version);
      if (sent === undefined) findings.push(duplicated(1, `${where}: nobody sent it`));
      else if (sent !== BigInt(String(hash))) findings.push(lost(1, `${where}: its content is another`));
    }
    for (const [id, key] of this.#keys) {
      const version = visible.get(id) ?? 0;
      const expected = moment === "end" ? key.highest : key.seen;
      if (version < expected)
        findings.push(lost(1, `key ${id} of ${sqlName(this)}: version ${expected} is expected, ${version} is there`));
      key.seen = Math.max(key.seen, version);
    }
    return findings;
  }
}
