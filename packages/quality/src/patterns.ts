// Text patterns of the verdict. They mean the same in RE2 (the warehouse) and in JavaScript; conversions.ts of the warehouse has the SQL side.

const date = "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}";
const clock = String.raw`(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?`;
const fullClock = String.raw`(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?`;
const zone = "(?:Z|[+-](?:0[0-9]|1[0-5])(?::?[0-5][0-9])?)";

/** Deliberately simple: something, one @, a dot in the domain, no blanks. */
export const emailPattern = String.raw`^[^@ \t\n\f\r]+@[^@ \t\n\f\r]+\.[^@ \t\n\f\r]+$`;

export const wholeText = {
  integer: /^[+-]?[0-9]+$/,
  float: /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/,
  date: new RegExp(`^${date}$`),
  time: new RegExp(`^${clock}$`),
  datetime: new RegExp(`^${date}[T ]${fullClock}$`),
  timestamp: new RegExp(`^${date}[T ]${fullClock}${zone}?$`),
  uuid: /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/,
  base64: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
} as const;

/** How the loader's reader spells a JSON number below 0.0001. */
export const smallFraction = /^[+-]?[0-9](?:\.[0-9]+)?e-[0-9]{2}$/;

export function decimalPattern(scale: number): RegExp {
  return scale === 0 ? wholeText.integer : new RegExp(`^[+-]?[0-9]+(?:\\.[0-9]{1,${scale}})?$`);
}

/** A pattern with RE2's meaning as a JavaScript expression: \s and the dot know fewer characters there. */
export function asJavaScript(pattern: string): RegExp {
  let inClass = false;
  const source = pattern.replace(/\\.|[[\].]/gsu, (token) => {
    if (token === "[") inClass = true;
    if (token === "]") inClass = false;
    if (token === "." && !inClass) return String.raw`[^\n]`;
    if (token === String.raw`\s`) return inClass ? String.raw`\t\n\f\r ` : String.raw`[\t\n\f\r ]`;
    if (token === String.raw`\S` && !inClass) return String.raw`[^\t\n\f\r ]`;
    return token;
  });
  return new RegExp(source, "u");
}
