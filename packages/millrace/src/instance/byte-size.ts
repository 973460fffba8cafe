// Sizes as people write them: `512MiB`, `2GB`, `1.5GiB`.

const units: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** Bytes, or undefined when the text is not a size. */
export function parseByteSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?i?b)$/i.exec(text.trim());
  const unit = units[match?.[2]?.toLowerCase() ?? ""];
  return match?.[1] === undefined || unit === undefined ? undefined : Math.floor(Number(match[1]) * unit);
}

/** For people: `1.4 GiB`. */
export function formatByteSize(bytes: number): string {
  const names = ["B", "KiB", "MiB", "GiB", "TiB"];
  const step = Math.min(names.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(bytes, 1)) / 10)));
  const value = bytes / 2 ** (10 * step);
  return `${step === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${names[step]}`;
}
