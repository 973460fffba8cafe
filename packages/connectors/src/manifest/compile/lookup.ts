// Values of proofs, from the config as it is when a request is made.
import type { Lookup } from "../../rest-engine/auth/plain-auth.ts";
import { str } from "../template/python-text.ts";
import type { Part } from "./compile-context.ts";

export function lookup(part: Part, field: string): Lookup {
  const text = part.text(field, part.of[field] ?? "");
  return () => Promise.resolve(str(text(part.names())));
}
