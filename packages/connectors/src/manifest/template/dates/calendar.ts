// Days as numbers: the proleptic Gregorian calendar that Python's dates use, year 1 to 9999.
// Algorithm: days from civil, https://howardhinnant.github.io/date_algorithms.html

export const microsPerSecond = 1_000_000;
export const microsPerDay = 86_400_000_000;

/** Days since 1970-01-01. */
export function dayNumber(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

export function civilDate(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth + (shiftedMonth < 10 ? 3 : -9);
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return { year, month, day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1 };
}

export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Monday is 0. */
export function weekday(days: number): number {
  return (((days + 3) % 7) + 7) % 7;
}

/** ISO 8601 year, week and weekday (Monday is 1). */
export function isoWeek(days: number): { year: number; week: number; day: number } {
  const day = weekday(days);
  const { year } = civilDate(days - day + 3);
  const firstMonday = isoWeekStart(year);
  return { year, week: Math.floor((days - firstMonday) / 7) + 1, day: day + 1 };
}

/** Day number of the Monday of week 1. */
export function isoWeekStart(year: number): number {
  const fourth = dayNumber(year, 1, 4);
  return fourth - weekday(fourth);
}
