// What compiling a manifest carries along: its templates, the config, where things stand in the file, and stand-ins for custom classes.
import { MillraceError } from "@millrace/core";
import type { Component, SourceLines } from "../load/source-lines.ts";
import { isComponent } from "../load/source-lines.ts";
import type { Interpolated, Templates } from "../template/interpolation.ts";
import { str } from "../template/python-text.ts";
import { isInt, isNumeric, asNumber } from "../template/python-values.ts";
import type { TemplateContext } from "../template/scope.ts";
import type { CustomClasses } from "./custom-classes.ts";
import type { StreamSlice } from "../../rest-engine/slice.ts";
import { sliceValue } from "./slice-value.ts";

/** Config values by name, secrets among them; stays inside the process. */
export type ConnectorConfig = Readonly<Record<string, unknown>>;

export interface CompileContext {
  readonly templates: Templates;
  readonly config: ConnectorConfig;
  readonly lines: SourceLines;
  readonly classes: CustomClasses;
  /** Stream that is compiled, for messages. */
  readonly stream: string;
  /** Answers whether requests of parents may be shared. */
  readonly isParent: boolean;
}

/** A component with what its templates see. */
export class Part {
  readonly of: Component;
  readonly context: CompileContext;

  constructor(of: Component, context: CompileContext) {
    this.of = of;
    this.context = context;
  }

  get type(): string {
    return typeof this.of["type"] === "string" ? this.of["type"] : "";
  }

  /** `source-x.yaml:41: stream "orders": AddFields.value`. */
  place(field: string): string {
    return `${this.context.lines.at(this.of, field)}: stream "${this.context.stream}": ${this.type}.${field}`;
  }

  /** The component in a field; undefined when there is none. */
  part(field: string): Part | undefined {
    const value = this.of[field];
    return isComponent(value) ? new Part(value, this.context) : undefined;
  }

  /** A component that the schema requires. */
  need(field: string): Part {
    const part = this.part(field);
    if (part === undefined) throw this.invalid(field, `${this.type} needs "${field}"`);
    return part;
  }

  /** The components in a list, or the one that stands in place of it. */
  parts(field: string): readonly Part[] {
    const value = this.of[field];
    const list = Array.isArray(value) ? (value as unknown[]) : [value];
    return list.filter(isComponent).map((one) => new Part(one, this.context));
  }

  /** The same place with other fields. */
  with(fields: Component): Part {
    const copy = { ...fields };
    this.context.lines.copied(copy, this.of);
    return new Part(copy, this.context);
  }

  /** Names that every template of this component sees. */
  names(further: TemplateContext = {}): TemplateContext {
    return { config: this.context.config, parameters: this.of["$parameters"] ?? {}, ...further };
  }

  /** Names of templates that belong to a slice. */
  sliceNames(slice: StreamSlice | undefined, further: TemplateContext = {}): TemplateContext {
    return this.names({ stream_slice: slice === undefined ? null : sliceValue(slice), ...further });
  }

  text(field: string, value: unknown = this.of[field], fallback?: string): Interpolated {
    const place = this.place(field);
    return this.context.templates.text(value, fallback === undefined ? { place } : { place, fallback });
  }

  /** Evaluated now, from the config alone. */
  value(field: string): unknown {
    return this.of[field] === undefined ? undefined : this.text(field)(this.names());
  }

  /** Text from the config alone. */
  string(field: string, byDefault = ""): string {
    const value = this.value(field);
    return value === undefined || value === null ? byDefault : str(value);
  }

  /** @throws MillraceError manifest-invalid when the value is no whole number */
  integer(field: string): number | undefined {
    const value = this.value(field);
    if (value === undefined || value === null || value === "") return undefined;
    if (isInt(value)) return Number(value);
    const number = typeof value === "string" && /^\s*-?\d+\s*$/.test(value) ? Number(value) : Number.NaN;
    if (Number.isInteger(number)) return number;
    throw this.invalid(field, `"${field}" must be a whole number`);
  }

  number(field: string): number | undefined {
    const value = this.value(field);
    if (value === undefined || value === null || value === "") return undefined;
    const number = isNumeric(value) ? asNumber(value) : Number(str(value));
    if (Number.isFinite(number)) return number;
    throw this.invalid(field, `"${field}" must be a number`);
  }

  is(field: string): boolean {
    return this.of[field] === true;
  }

  /** A list of texts, each of them a template. */
  path(field: string): readonly string[] {
    const value = this.of[field];
    if (!Array.isArray(value)) return [];
    return (value as unknown[]).map((name) => str(this.text(field, name)(this.names())));
  }

  condition(field: string): Interpolated<boolean> | undefined {
    const value = this.of[field];
    if (value === undefined || value === "") return undefined;
    return this.context.templates.condition(value, this.place(field));
  }

  invalid(field: string, why: string): MillraceError {
    return new MillraceError("manifest-invalid", `${this.place(field)}: ${why}.`, {
      details: { stream: this.context.stream, line: this.context.lines.lineOf(this.of, field) },
    });
  }

  unsupported(why: string): MillraceError {
    return new MillraceError("manifest-unsupported", `${this.place("type")}: ${why}.`, {
      details: { stream: this.context.stream, component: this.type, class: this.of["class_name"] },
    });
  }
}
