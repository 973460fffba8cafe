// Relationships of a property: the first one that a column can have becomes its reference, others rules.
import type { SetRuleDefinition } from "@millrace/core";
import { isFields, listOf } from "../document/located.ts";
import type { PropertySource } from "./read-property.ts";
import { referenceTo, type Reference } from "./reference-path.ts";

export interface ReadReferences {
  readonly first: Reference | undefined;
  readonly rules: readonly SetRuleDefinition[];
  readonly kept: readonly unknown[];
}

export function readReferences({ file, property, name, report, ruleNames }: PropertySource): ReadReferences {
  const rules: SetRuleDefinition[] = [];
  const kept: unknown[] = [];
  let first: Reference | undefined;
  for (const one of listOf(property["relationships"]).filter(isFields)) {
    const target = referenceTo(one["to"]);
    if (target === undefined) {
      kept.push(one);
      report(name, `the relationship to ${JSON.stringify(one["to"])} is kept, not enforced`, file.line(one));
    } else if (first === undefined) first = target;
    else
      rules.push({
        name: ruleNames.take(`${name}_in_${target.table}`),
        set: { set: "exists", columns: [name], table: target.table, parentColumns: [target.column] },
      });
  }
  return { first, rules, kept };
}
