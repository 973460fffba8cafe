// Bounds of windows moved to the begin of a day, week or month.
import { floorTo, microsPerDay } from "./duration.ts";

export interface ClampTarget {
  readonly unit: "day" | "week" | "month";
  /** First day of a week: 0 Monday to 6 Sunday. */
  readonly weekday?: number;
}

/** The nearest begin of the unit: at or above, or with `down` at or below. A begin stays as it is, its time of day aside. */
export function clamp(micros: bigint, { unit, weekday = 0 }: ClampTarget, down = false): bigint {
  const day = floorTo(micros, microsPerDay);
  switch (unit) {
    case "day":
      return down || day === micros ? day : day + microsPerDay;
    case "week": {
      const ahead = (weekday - weekdayOf(day) + 7) % 7;
      return day + BigInt(down && ahead > 0 ? ahead - 7 : ahead) * microsPerDay;
    }
    case "month": {
      const date = new Date(Number(day / 1000n));
      if (date.getUTCDate() === 1) return day;
      return BigInt(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + (down ? 0 : 1), 1)) * 1000n;
    }
  }
}

function weekdayOf(day: bigint): number {
  return (new Date(Number(day / 1000n)).getUTCDay() + 6) % 7;
}
