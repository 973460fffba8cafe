// DefaultPaginator and its strategies.
import type { PageSeen, Paginator } from "../../rest-engine/components.ts";
import {
  linksOf,
  offsetPaginator,
  pagePaginator,
  singlePage,
  tokenPaginator,
  type PageSize,
} from "../../rest-engine/paginators.ts";
import { jsonValue } from "../template/interpolation.ts";
import { AttributedMapping, isInt, truthy } from "../template/python-values.ts";
import type { TemplateContext } from "../template/scope.ts";
import type { Part } from "./compile-context.ts";
import { customPart } from "./custom-part.ts";
import { requestOption } from "./request-options.ts";
import { sliceValue } from "./slice-value.ts";

export function paginator(part: Part | undefined): Paginator {
  if (part === undefined || part.type === "NoPagination") return singlePage;
  const strategy = part.need("pagination_strategy");
  const token = part.part("page_token_option");
  const into = token?.type === "RequestPath" ? ("address" as const) : requestOption(token);
  switch (strategy.type) {
    case "PageIncrement":
      return pagePaginator({ into, ...counted(part, strategy), start: strategy.integer("start_from_page") ?? 0 });
    case "OffsetIncrement":
      return offsetPaginator({ into, ...counted(part, strategy), ...fullSize(strategy) });
    case "CursorPagination":
      return tokenPaginator({ into, ...sized(part, strategy), token: cursorToken(strategy) });
    default:
      return customPart(strategy, "CustomPaginationStrategy");
  }
}

function counted(part: Part, strategy: Part): { readonly onFirst: boolean; readonly size?: PageSize } {
  return { onFirst: strategy.is("inject_on_first_request"), ...sized(part, strategy) };
}

function sized(part: Part, strategy: Part): { readonly size?: PageSize } {
  const option = requestOption(part.part("page_size_option"));
  const size = configSize(strategy);
  if (size === undefined) {
    if (option !== undefined)
      throw part.invalid("page_size_option", "a page size option needs a page_size in the strategy");
    return {};
  }
  return { size: { size, ...(option === undefined ? {} : { option }) } };
}

/** The size that the config tells; an OffsetIncrement may have one that only answers tell. */
function configSize(strategy: Part): number | undefined {
  return readsAnswer(strategy) ? undefined : strategy.integer("page_size");
}

function readsAnswer(strategy: Part): boolean {
  const { page_size: size } = strategy.of;
  return typeof size === "string" && /\bresponse\b/.test(size);
}

function fullSize(strategy: Part): { readonly fullSize?: (page: PageSeen) => number | undefined } {
  if (!readsAnswer(strategy)) return {};
  const size = strategy.text("page_size");
  return {
    fullSize: (page) => {
      const value = size(strategy.names({ response: page.document }));
      return isInt(value) ? Number(value) : undefined;
    },
  };
}

function cursorToken(strategy: Part): (page: PageSeen) => unknown {
  const value = strategy.text("cursor_value");
  const stop = strategy.condition("stop_condition");
  const size = strategy.integer("page_size") ?? null;
  return (page) => {
    const names = pageNames(strategy, page, size);
    if (stop?.(names) === true) return undefined;
    const token = value(names);
    return truthy(token) ? jsonValue(token) : undefined;
  };
}

function pageNames(strategy: Part, page: PageSeen, size: number | null): TemplateContext {
  const links = Object.fromEntries(
    Object.entries(linksOf(page.headers["link"])).map(([rel, link]) => [rel, { ...link, rel }]),
  );
  return strategy.names({
    response: page.document,
    headers: headersAsSent(page.headers, links),
    last_record: page.lastRecord === undefined ? null : recordValue(page.lastRecord),
    last_page_size: page.emitted,
    page_size: size,
    stream_slice: sliceValue(page.slice),
  });
}

/** Names in lower case and in the usual spelling: templates were written against either. */
export function headersAsSent(headers: Readonly<Record<string, string>>, links?: object): Record<string, unknown> {
  const seen: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(headers)) {
    seen[name] = value;
    seen[name.replace(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase())] = value;
  }
  if (links !== undefined) seen["link"] = links;
  return seen;
}

/** A record that was read: its fields, and `data` for all of them. */
function recordValue(record: Readonly<Record<string, unknown>>): AttributedMapping {
  return new AttributedMapping(record, { data: record });
}
