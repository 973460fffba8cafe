// Regular expressions of manifests, for one search at a time.
import { pythonRegex } from "../template/python-regex.ts";
import { PythonError } from "../template/python-values.ts";
import type { Part } from "./compile-context.ts";

/** Keeps inline flags such as `(?i)`. @throws MillraceError manifest-invalid for a pattern that cannot be read */
export function searchRegex(part: Part, field: string): RegExp {
  try {
    const { source, flags } = pythonRegex(part.string(field));
    return new RegExp(source, flags.replace("g", ""));
  } catch (thrown) {
    if (!(thrown instanceof PythonError)) throw thrown;
    throw part.invalid(field, `"${field}" is no regular expression: ${thrown.message}`);
  }
}
