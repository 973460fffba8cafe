// Files in a folder: appended, merged and replaced, small and large, some of them written again with other content. A marker follows each complete file.
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { SeededRandom } from "@millrace/core/testing";
import { KeyTable } from "../truth/key-table.ts";
import { content, unitRows, type SentRow } from "../truth/rows.ts";
import { UnitTable } from "../truth/unit-table.ts";
import { PacedWorkload } from "./paced-workload.ts";

const domain = "drops";
const rowColumns = ["id", "unit", "amount", "note"];
const keyColumns = ["id", "version", "unit", "amount", "note"];
const stockKeys = 300;
/** Above the size from which a batch goes straight into its table. */
const large = { rows: 9000, width: 1000 };

const isGood = ({ amount }: SentRow): boolean => amount !== "-1.00";

export class FilesWorkload extends PacedWorkload {
  readonly name = "files";
  readonly models = [`${domain}.unit_amounts`, `${domain}.price_list`];
  readonly env: Readonly<Record<string, string>>;
  readonly #folder: string;
  readonly #random: SeededRandom;
  readonly #lines = new UnitTable({ domain, name: "lines", columns: rowColumns, whole: true, keepsBatches: false });
  readonly #prices = new UnitTable({ domain, name: "prices", columns: rowColumns, whole: true, keepsBatches: false });
  readonly #stock = new KeyTable({ domain, name: "stock", columns: keyColumns });
  readonly tables = [this.#lines, this.#prices, this.#stock];
  readonly #versions = new Map<string, number>();
  #written = 0;

  constructor(seed: number, folder: string) {
    super();
    this.#folder = folder;
    this.#random = new SeededRandom(seed * 31 + 2);
    this.env = { TORTURE_DROPS: folder };
  }

  start(): void {
    this.pace.loop(
      () => this.#turn(),
      () => 60 + this.#random.int(150),
    );
  }

  async #turn(): Promise<void> {
    this.#written += 1;
    const dice = this.#random.int(10);
    const big = this.#written % 40 === 8;
    if (big || dice < 5) return this.#writeLines(big, dice < 2);
    return dice < 8 ? this.#writeStock() : this.#writePrices(this.#written % 40 === 30);
  }

  /** @param again writes one of the last files again, with other rows */
  async #writeLines(big: boolean, again: boolean): Promise<void> {
    const unit = `lines-${this.#written}`;
    const number = again ? Math.max(1, this.#written - this.#random.int(20)) : this.#written;
    const path = `lines/${big ? "large" : "small"}-${number}.csv`;
    const make = (): SentRow[] => unitRows({ unit, ...(big ? large : { rows: this.#rowsOf(unit), width: 40 }) });
    this.#lines.begin(unit, make, isGood, path);
    await this.#write(path, csv(rowColumns, make()));
    this.#lines.acknowledge(unit);
  }

  async #writePrices(big: boolean): Promise<void> {
    const unit = `prices-${this.#written}`;
    const make = (): SentRow[] => unitRows({ unit, ...(big ? large : { rows: this.#rowsOf(unit), width: 40 }) });
    this.#prices.begin(unit, make, isGood, "the price list");
    const lines = make().map((row) => `${JSON.stringify(row)}\n`);
    await this.#write(`prices/${unit}.ndjson`, lines.join(""));
    this.#prices.acknowledge(unit);
  }

  async #writeStock(): Promise<void> {
    const unit = `stock-${this.#written}`;
    const rows = Array.from({ length: 1 + this.#random.int(60) }, (_, at): SentRow => {
      if (at % 41 === 7) return { id: `${unit}:${at}`, version: 1, unit, amount: "-1.00", note: "bad" };
      const id = `article-${this.#random.int(stockKeys)}`;
      const version = (this.#versions.get(id) ?? 0) + 1;
      this.#versions.set(id, version);
      return { id, version, unit, ...content(`${id}/${version}`, 30) };
    });
    this.#stock.begin(rows, isGood);
    await this.#write(`stock/${unit}.csv`, csv(keyColumns, rows));
  }

  /** Follows from the name, so that the rows can be made again. */
  #rowsOf(unit: string): number {
    return 1 + (Number.parseInt(content(unit, 8).note, 16) % 120);
  }

  /** Never in place: a reader sees the file before, or the whole new one. The marker is the acknowledgement. */
  async #write(path: string, text: string): Promise<void> {
    const file = join(this.#folder, path);
    const marker = `${file}.done`;
    await mkdir(dirname(file), { recursive: true });
    await rm(marker, { force: true });
    const aside = join(dirname(file), `.${basename(file)}.part`);
    await writeFile(aside, text);
    await rename(aside, file);
    await writeFile(marker, "");
  }
}

function csv(columns: readonly string[], rows: readonly SentRow[]): string {
  return `${[columns, ...rows.map((row) => columns.map((column) => row[column]))].map((cells) => cells.join(",")).join("\n")}\n`;
}
