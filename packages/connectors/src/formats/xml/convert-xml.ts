// Elements of an XML document become records as lines of JSON: attributes as `@name`, what is inside as fields, what is repeated as lists. One record
// is in memory at a time.
import { isMillraceError, type ContractDefinition } from "@millrace/core";
import { sourceName } from "../../files/csv-columns.ts";
import type { ByteFile } from "../byte-file.ts";
import type { ConversionInput, XmlConversion } from "../conversion.ts";
import { fileFault } from "../file-fault.ts";
import { textPieces } from "../text/text-source.ts";
import { attributesOf, localName, XmlError, XmlScanner, type XmlTaker } from "./xml-scanner.ts";

/** @throws MillraceError file-unreadable, file-encoding, file-too-large */
export async function convertXml(input: ConversionInput, conversion: XmlConversion, file: ByteFile): Promise<void> {
  const taker = new RecordTaker(conversion.path, input.contract, file);
  const scanner = new XmlScanner(taker);
  try {
    for await (const text of textPieces(input, conversion.encoding)) scanner.push(Buffer.from(text));
    scanner.end();
  } catch (thrown) {
    if (isMillraceError(thrown) || !(thrown instanceof XmlError || thrown instanceof SyntaxError)) throw thrown;
    throw fileFault("file-unreadable", input.path, `is not sound XML: it ${thrown.message}`);
  }
  if (taker.parents === 0)
    throw fileFault(
      "file-unreadable",
      input.path,
      `has no element /${conversion.path.slice(0, -1).join("/")} in which its records would be`,
    );
}

interface Element {
  readonly name: string;
  readonly fields: Record<string, unknown>;
  text: string;
  isNil: boolean;
}

class RecordTaker implements XmlTaker {
  /** Elements in which records may be. */
  parents = 0;
  readonly #path: readonly string[];
  readonly #contract: ContractDefinition;
  readonly #file: ByteFile;
  /** How many names of the path are open, and how many elements. */
  #matched = 0;
  #depth = 0;
  /** The record's element and what is open inside of it. */
  readonly #open: Element[] = [];

  constructor(path: readonly string[], contract: ContractDefinition, file: ByteFile) {
    this.#path = path;
    this.#contract = contract;
    this.#file = file;
  }

  get wantsText(): boolean {
    return this.#open.length > 0;
  }

  open(name: string, tag: string): void {
    if (this.#open.length > 0 || this.#isRecord(name)) this.#open.push(elementOf(name, tag));
    this.#depth += 1;
  }

  /** Follows the path down; elements beside it are passed over. */
  #isRecord(name: string): boolean {
    if (this.#matched !== this.#depth || !this.#isStep(name)) return false;
    this.#matched += 1;
    const left = this.#path.length - this.#matched;
    if (left === 1 || this.#path.length === 1) this.parents += 1;
    return left === 0;
  }

  close(): void {
    this.#depth -= 1;
    const element = this.#open.pop();
    if (element === undefined) this.#matched = Math.min(this.#matched, this.#depth);
    else if (this.#open.length === 0) {
      this.#write(element);
      this.#matched = Math.min(this.#matched, this.#depth);
    } else addField(this.#open.at(-1)?.fields ?? fieldsOf(), element.name, valueOf(element));
  }

  text(text: string): void {
    const element = this.#open.at(-1);
    if (element !== undefined) element.text += text;
  }

  #isStep(name: string): boolean {
    const step = this.#path[this.#matched];
    return step === name || step === localName(name);
  }

  #write(element: Element): void {
    const value = valueOf(element);
    const record =
      typeof value === "object" && value !== null ? (value as Record<string, unknown>) : { "#text": value };
    const fields = this.#contract.columns.flatMap((column) => {
      const source = sourceName(column);
      const found = fieldAt(record, source);
      return found === undefined || found === null ? [] : [`${JSON.stringify(source)}:${JSON.stringify(found)}`];
    });
    this.#file.text(`{${fields.join(",")}}\n`);
    this.#file.settle();
  }
}

function elementOf(name: string, tag: string): Element {
  const element: Element = { name: localName(name), fields: fieldsOf(), text: "", isNil: false };
  for (const [attribute, value] of attributesOf(tag)) {
    if (attribute === "xmlns" || attribute.startsWith("xmlns:")) continue;
    if (attribute.endsWith(":nil") && value === "true") element.isNil = true;
    else element.fields[`@${localName(attribute)}`] = value;
  }
  return element;
}

/** Without a prototype: an element may be called `constructor`. */
function fieldsOf(): Record<string, unknown> {
  return Object.create(null) as Record<string, unknown>;
}

function addField(fields: Record<string, unknown>, name: string, value: unknown): void {
  const known = fields[name];
  if (known === undefined) fields[name] = value;
  else if (Array.isArray(known)) known.push(value);
  else fields[name] = [known, value];
}

/** The text of an element that has nothing else, null of one that has nothing. */
function valueOf({ fields, isNil, text }: Element): unknown {
  if (isNil) return null;
  const own = text.trim();
  if (Object.keys(fields).length === 0) return own === "" ? null : own;
  if (own !== "") fields["#text"] = own;
  return fields;
}

/** A field, or one further inside: `address/city`, `price/@currency`. */
function fieldAt(record: Record<string, unknown>, source: string): unknown {
  if (source in record) return record[source];
  let value: unknown = record;
  for (const name of source.split("/")) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
