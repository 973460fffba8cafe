// Where values go in a request: RequestOption and RequestPath.
import type { RequestOption } from "../../rest-engine/request.ts";
import { str } from "../template/python-text.ts";
import type { Part } from "./compile-context.ts";

const places: Readonly<Record<string, RequestOption["into"]>> = {
  request_parameter: "query",
  header: "header",
  body_data: "form",
  body_json: "json",
};

export function requestOption(part: Part | undefined): RequestOption | undefined {
  if (part === undefined || part.type === "RequestPath") return undefined;
  const into = places[str(part.of["inject_into"])];
  if (into === undefined) throw part.invalid("inject_into", `"inject_into" is ${Object.keys(places).join(", ")}`);
  const hasPath = Array.isArray(part.of["field_path"]);
  if (hasPath === (part.of["field_name"] !== undefined))
    throw part.invalid("field_name", "a RequestOption has either field_name or field_path");
  if (hasPath && into !== "json") throw part.invalid("field_path", "field_path is for body_json only");
  return { into, path: hasPath ? part.path("field_path") : [part.string("field_name")] };
}

/** The field of a component that adds something when there is an option. */
export function optionField<K extends string>(name: K, part: Part | undefined): Partial<Record<K, RequestOption>> {
  const option = requestOption(part);
  return option === undefined ? {} : ({ [name]: option } as Record<K, RequestOption>);
}
