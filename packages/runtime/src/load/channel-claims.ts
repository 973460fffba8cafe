// Who may advance a channel: epochs taken at start, and the compare-and-set that every batch makes inside its transaction.
import {
  isMillraceError,
  MillraceError,
  type Clock,
  type Cursor,
  type Warehouse,
  type WriteTransaction,
} from "@millrace/core";
import { cursorText, parseCursor } from "./cursor.ts";
import { nowText, toBigint, toText } from "./sql-values.ts";

/** One stream of one channel, as the ledger names it. */
export interface StreamName {
  readonly channel: string;
  readonly stream: string;
}

const LANE = "millrace.channels";
/** About 20 seconds: a busy owner before is caught between two of its batches. */
const TAKE_ATTEMPTS_MAX = 110;
const TAKE_PAUSE_MS = 10;
const TAKE_PAUSE_MS_MAX = 200;
const key = ({ channel, stream }: StreamName): string => `${channel}/${stream}`;

/** Epochs that this process holds. A newer owner takes higher ones, after which every claim made here fails. */
export class ChannelClaims {
  readonly #warehouse: Warehouse;
  readonly #clock: Clock;
  readonly #epochs = new Map<string, bigint>();

  constructor(warehouse: Warehouse, clock: Clock) {
    this.#warehouse = warehouse;
    this.#clock = clock;
  }

  /** Takes a new epoch of every known stream and of the given ones that are not held yet. Earlier owners are fenced off from here on. */
  async take(streams: readonly StreamName[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#take(streams);
      } catch (error) {
        // The owner before is committing a batch right now.
        if (!isMillraceError(error, "warehouse-conflict") || attempt >= TAKE_ATTEMPTS_MAX) throw error;
        await this.#clock.sleep(Math.min(TAKE_PAUSE_MS * attempt, TAKE_PAUSE_MS_MAX));
      }
    }
  }

  async #take(streams: readonly StreamName[]): Promise<void> {
    const taken = await this.#warehouse.write([LANE], async (tx) => {
      const stored = await tx.query("SELECT channel, stream, epoch FROM millrace.channels");
      const epochs = new Map(
        stored.rows.map((row) => [
          key({ channel: toText(row[0]), stream: toText(row[1]) }),
          { channel: toText(row[0]), stream: toText(row[1]), epoch: toBigint(row[2]) },
        ]),
      );
      const wanted = this.#epochs.size === 0 ? [...epochs.values(), ...streams] : streams;
      const next = new Map<string, bigint>();
      for (const name of wanted) {
        if (this.#epochs.has(key(name)) || next.has(key(name))) continue;
        next.set(key(name), await this.#raise(tx, name, epochs.get(key(name))?.epoch));
      }
      return next;
    });
    for (const [name, epoch] of taken) this.#epochs.set(name, epoch);
  }

  async #raise(tx: WriteTransaction, { channel, stream }: StreamName, epoch: bigint | undefined): Promise<bigint> {
    if (epoch === undefined) {
      const row = [channel, stream, 1n, null, 0n, nowText(this.#clock)];
      await tx.run("INSERT INTO millrace.channels VALUES (?, ?, ?, ?, ?, ?)", row);
      return 1n;
    }
    // Engines may notice conflicts column by column: `changed_at` is what every batch of an earlier owner writes as well.
    const sql = "UPDATE millrace.channels SET epoch = epoch + 1, changed_at = ? WHERE channel = ? AND stream = ?";
    await tx.run(sql, [nowText(this.#clock), channel, stream]);
    return epoch + 1n;
  }

  /**
   * Moves the stream's cursor from `before` to `after` for this batch, or throws batch-fenced: another owner holds the epoch, or the cursor has moved.
   * This update is the fence: two owners that both read the old epoch conflict on this row, and so do a batch and a new owner that takes the epoch.
   */
  async advance(
    tx: WriteTransaction,
    name: StreamName,
    move: { readonly batch: bigint; readonly before: Cursor; readonly after: Cursor },
  ): Promise<void> {
    const changed = await tx.run(
      `UPDATE millrace.channels SET cursor = ?, batch = ?, changed_at = ?
        WHERE channel = ? AND stream = ? AND epoch = ? AND cursor IS NOT DISTINCT FROM ?`,
      [
        cursorText(move.after),
        move.batch,
        nowText(this.#clock),
        name.channel,
        name.stream,
        this.#epoch(name),
        cursorText(move.before),
      ],
    );
    if (changed !== 1) throw fenced(name);
  }

  /** The fence of batches that do not move the cursor (re-admission, replay). */
  async hold(tx: WriteTransaction, name: StreamName): Promise<void> {
    const changed = await tx.run(
      "UPDATE millrace.channels SET changed_at = ? WHERE channel = ? AND stream = ? AND epoch = ?",
      [nowText(this.#clock), name.channel, name.stream, this.#epoch(name)],
    );
    if (changed !== 1) throw fenced(name);
  }

  /** The committed cursor; null before the first batch. */
  async cursor(name: StreamName): Promise<Cursor> {
    const sql = "SELECT cursor FROM millrace.channels WHERE channel = ? AND stream = ?";
    const found = await this.#warehouse.query(sql, [name.channel, name.stream]);
    return parseCursor(found.rows[0]?.[0]);
  }

  /** True while nobody else has taken a newer epoch. */
  async current(name: StreamName): Promise<boolean> {
    const sql = "SELECT epoch FROM millrace.channels WHERE channel = ? AND stream = ?";
    const found = await this.#warehouse.query(sql, [name.channel, name.stream]);
    return toBigint(found.rows[0]?.[0]) === this.#epoch(name);
  }

  #epoch(name: StreamName): bigint {
    const epoch = this.#epochs.get(key(name));
    if (epoch === undefined) throw new MillraceError("internal", `No epoch was taken of ${key(name)}.`);
    return epoch;
  }
}

function fenced({ channel, stream }: StreamName): MillraceError {
  return new MillraceError("batch-fenced", `Stream "${stream}" of channel ${channel} was advanced by another owner.`, {
    details: { channel, stream },
  });
}
