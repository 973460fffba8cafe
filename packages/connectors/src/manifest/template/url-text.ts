// Percent encoding as Python's urllib does it.

const unreserved = /[A-Za-z0-9_.\-~]/;

/** @param safe characters that stay as they are, beside letters, digits and `_.-~` */
export function quote(text: string, safe = "/"): string {
  let out = "";
  for (const byte of Buffer.from(text, "utf8")) {
    const char = String.fromCharCode(byte);
    out +=
      byte < 0x80 && (unreserved.test(char) || safe.includes(char))
        ? char
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}

/** Blanks become `+`, and `/` is encoded. */
export function quotePlus(text: string): string {
  return quote(text, " ").replaceAll(" ", "+");
}
