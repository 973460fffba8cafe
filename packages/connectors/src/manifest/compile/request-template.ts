// HttpRequester's own part of a request: address, parameters, headers, body. All of it may hold templates.
import { joinUrl } from "../../rest-engine/build-request.ts";
import type { RequestParts, RequestTemplate } from "../../rest-engine/request.ts";
import type { Fields, RequestContext } from "../../rest-engine/slice.ts";
import { isComponent } from "../load/source-lines.ts";
import { jsonValue, type Interpolated } from "../template/interpolation.ts";
import { str } from "../template/python-text.ts";
import { isDict, isList } from "../template/python-values.ts";
import type { TemplateContext } from "../template/scope.ts";
import type { Part } from "./compile-context.ts";

/** Results of these types are read back from the text of a parameter. */
const parameterTypes = ["str", "list"];

/** Extra names that a requester's templates see, beside those of every request. */
export type FurtherNames = (context: RequestContext) => TemplateContext;

export function requestTemplate(part: Part, further: FurtherNames = () => ({})): RequestTemplate {
  const names = (context: RequestContext): TemplateContext => ({
    ...part.sliceNames(context.slice, {
      ...context.slice.extra,
      next_page_token:
        context.token === undefined || context.token === null ? null : { next_page_token: context.token },
    }),
    ...further(context),
  });
  const query = optionMapping(part, "request_parameters", parameterTypes);
  const headers = optionMapping(part, "request_headers");
  const body = requestBody(part);
  return {
    method: part.string("http_method", "GET").toUpperCase(),
    url: requestUrl(part, names),
    parts(context) {
      const seen = names(context);
      const evaluated = query(seen);
      return {
        query: typeof evaluated === "string" ? {} : queryFields(evaluated, part, context),
        headers: texts(headers(seen)),
        ...body(seen),
      };
    },
  };
}

function requestUrl(part: Part, names: (context: RequestContext) => TemplateContext): RequestTemplate["url"] {
  const [url, base, path] = ["url", "url_base", "path"].map((field) => part.text(field, part.of[field] ?? "")) as [
    Interpolated,
    Interpolated,
    Interpolated,
  ];
  return (context, address) => {
    const seen = names(context);
    const root = str(base(seen));
    const tail = address ?? str(path(seen)).replace(/^\/+/, "");
    if (root !== "") return joinUrl(root, tail);
    const whole = str(url(seen));
    return tail === "" ? whole : joinUrl(whole, tail);
  };
}

/** The parameter that carries a list of properties takes them from the slice. */
function queryFields(evaluated: Fields, part: Part, { slice }: RequestContext): Fields {
  const declared = isComponent(part.of["request_parameters"]) ? part.of["request_parameters"] : {};
  const key = Object.keys(declared).find((name) => isComponent(declared[name]));
  const properties = slice.extra["query_properties"];
  const values = Object.fromEntries(
    Object.entries(evaluated).filter(([name, value]) => name !== key && value !== null && !isComponent(value)),
  );
  const withProperties =
    key !== undefined && isList(properties) ? { ...values, [key]: properties.map(str).join(",") } : values;
  return Object.fromEntries(
    Object.entries(withProperties).map(([name, value]) => [
      name,
      isList(value) ? value.map((item) => (item === null ? null : str(item))) : str(value),
    ]),
  );
}

/** A mapping of templates, or one template that gives a mapping. */
function optionMapping(part: Part, field: string, validTypes?: readonly string[]): Interpolated<Fields | string> {
  const source = part.of[field] ?? {};
  const { templates } = part.context;
  if (typeof source === "string") {
    const text = part.text(field, source, "");
    return (names) => {
      const value = text(names);
      return isDict(value) ? withoutNulls(jsonValue(value) as Fields) : str(value);
    };
  }
  const plain = Object.fromEntries(Object.entries(source as Fields).filter(([, value]) => !isComponent(value)));
  const mapping = templates.mapping(plain, {
    place: part.place(field),
    ...(validTypes === undefined ? {} : { validTypes }),
  });
  const held = Object.fromEntries(Object.entries(source as Fields).filter(([, value]) => isComponent(value)));
  return (names) => withoutNulls({ ...mapping(names), ...held });
}

function withoutNulls(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

function texts(fields: Fields | string): Fields {
  return typeof fields === "string"
    ? {}
    : Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, str(value)]));
}

type Body = (names: TemplateContext) => Pick<RequestParts, "form" | "json">;

function requestBody(part: Part): Body {
  const body = part.part("request_body");
  switch (body?.type) {
    case "RequestBodyUrlEncodedForm":
    case "RequestBodyPlainText":
      return formBody(body, "value");
    case "RequestBodyJsonObject":
    case "RequestBodyGraphQL":
      return jsonBody(body, "value");
    default:
  }
  if (!isEmpty(part.of["request_body_data"])) return formBody(part, "request_body_data");
  return isEmpty(part.of["request_body_json"]) ? () => ({}) : jsonBody(part, "request_body_json");
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined || value === null || value === "" || (isComponent(value) && Object.keys(value).length === 0)
  );
}

/** Text that reads as a dict literal is a form too: so does the reference. */
function formBody(holder: Part, field: string): Body {
  const mapping = optionMapping(holder, field, parameterTypes);
  return (names) => {
    const value = mapping(names);
    if (typeof value === "string") return value === "" ? {} : { form: value };
    return {
      form: Object.fromEntries(
        Object.entries(value).map(([name, item]) => [name, isList(item) ? item.map(str) : str(item)]),
      ),
    };
  };
}

function jsonBody(holder: Part, field: string): Body {
  const source = holder.of[field];
  const place = holder.place(field);
  if (typeof source === "string") {
    const text = holder.text(field, source, "");
    return (names) => {
      const value = text(names);
      return isDict(value) ? { json: jsonValue(value) as Fields } : {};
    };
  }
  const { type: _type, $parameters: _parameters, ...graphql } = source as Record<string, unknown>;
  const declared = holder.type === "RequestBodyGraphQL" ? graphql : source;
  const nested = holder.context.templates.nested(declared, place);
  return (names) => ({ json: jsonValue(nested(names)) as Fields });
}
