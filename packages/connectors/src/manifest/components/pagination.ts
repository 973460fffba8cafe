// Components of manifests: pagination. Read by component-types.ts; documentation and validation derive from this.
import type { ComponentTable } from "./declaration.ts";

export const paginationComponents = {
  DefaultPaginator: {
    summary: "Pages: a strategy, and where its token and page size go.",
    fields: [
      "pagination_strategy!: PageIncrement|OffsetIncrement|CursorPagination|CustomPaginationStrategy",
      "page_size_option: RequestOption",
      "page_token_option: RequestOption|RequestPath",
    ],
  },
  NoPagination: {
    summary: "One page.",
    fields: [],
  },
  CursorPagination: {
    summary: "The answer tells the next page.",
    fields: ["cursor_value!: string", "page_size: integer|string", "stop_condition: string"],
  },
  OffsetIncrement: {
    summary: "Pages by the number of records before them.",
    fields: ["page_size: integer|string", "inject_on_first_request: boolean = false"],
  },
  PageIncrement: {
    summary: "Pages by number.",
    fields: ["page_size: integer|string", "start_from_page: integer = 0", "inject_on_first_request: boolean = false"],
  },
  PaginationReset: {
    summary: "The walk through pages begins anew after a limit.",
    fields: ["action!: enum(SPLIT_USING_CURSOR,RESET)", "limits: PaginationResetLimits"],
  },
  PaginationResetLimits: {
    summary: "When a walk begins anew.",
    fields: ["number_of_records: integer"],
  },
  CustomPaginationStrategy: {
    summary: "Pages by a class of the user.",
    fields: ["class_name!: string"],
  },
} satisfies ComponentTable;
