// Finds the stand-in of a custom component.
import type { Part } from "./compile-context.ts";
import { standIn, type CustomParts } from "./custom-classes.ts";

/** @throws MillraceError manifest-unsupported when there is none, or it stands for something else */
export function customPart<K extends keyof CustomParts>(part: Part, type: K): CustomParts[K] {
  const { classes, config, stream } = part.context;
  const className = part.of["class_name"];
  const found = standIn(classes, className);
  if (found === undefined)
    throw part.unsupported(
      `it names the class ${JSON.stringify(className)}, and no stand-in of that name was given in "classes"`,
    );
  if (found.type !== type)
    throw part.unsupported(`the stand-in for ${JSON.stringify(className)} is a ${found.type}; a ${type} is needed`);
  return found.create({ component: part.of, config, stream }) as CustomParts[K];
}
