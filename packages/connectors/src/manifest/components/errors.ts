// Components of manifests: errors. Read by component-types.ts; documentation and validation derive from this.
import type { ComponentTable } from "./declaration.ts";

export const errorsComponents = {
  DefaultErrorHandler: {
    summary: "What answers mean, how long to wait, how often to try.",
    fields: [
      "backoff_strategies: list(ConstantBackoffStrategy|ExponentialBackoffStrategy|WaitTimeFromHeader|WaitUntilTimeFromHeader|CustomBackoffStrategy)",
      "max_retries: integer|string = 5",
      "response_filters: list(HttpResponseFilter)",
    ],
  },
  CompositeErrorHandler: {
    summary: "Several handlers, asked in order.",
    fields: ["error_handlers!: list(CompositeErrorHandler|DefaultErrorHandler|CustomErrorHandler)"],
  },
  HttpResponseFilter: {
    summary: "An answer and what is done about it.",
    fields: [
      "action: enum(SUCCESS,FAIL,RETRY,IGNORE,RESET_PAGINATION,RATE_LIMITED,REFRESH_TOKEN_THEN_RETRY)",
      "failure_type: enum(system_error,config_error,transient_error)",
      "error_message: string",
      "error_message_contains: string",
      "http_codes: list(integer)",
      "predicate: string",
    ],
  },
  ConstantBackoffStrategy: {
    summary: "The same wait each time.",
    fields: ["backoff_time_in_seconds!: number|string", "jitter_range_in_seconds: number"],
  },
  ExponentialBackoffStrategy: {
    summary: "A wait that doubles.",
    fields: ["factor: number|string = 5", "jitter_range_in_seconds: number"],
  },
  WaitTimeFromHeader: {
    summary: "A header says how long to wait.",
    fields: ["header!: string", "regex: string", "max_waiting_time_in_seconds: number|string"],
  },
  WaitUntilTimeFromHeader: {
    summary: "A header says until when to wait.",
    fields: [
      "header!: string",
      "min_wait: number|string",
      "regex: string",
      "max_waiting_time_in_seconds: number|string",
    ],
  },
  HTTPAPIBudget: {
    summary: "How many requests an upstream allows.",
    fields: [
      "policies!: list(FixedWindowCallRatePolicy|MovingWindowCallRatePolicy|UnlimitedCallRatePolicy)",
      "ratelimit_reset_header: string = ratelimit-reset",
      "ratelimit_remaining_header: string = ratelimit-remaining",
      "status_codes_for_ratelimit_hit: list(integer) = [429]",
    ],
  },
  FixedWindowCallRatePolicy: {
    summary: "A limit per period.",
    fields: ["period!: string", "call_limit!: integer", "matchers!: list(HttpRequestRegexMatcher)"],
  },
  MovingWindowCallRatePolicy: {
    summary: "Limits in any span of their length.",
    fields: ["rates!: list(Rate)", "matchers!: list(HttpRequestRegexMatcher)"],
  },
  UnlimitedCallRatePolicy: {
    summary: "No limit.",
    fields: ["matchers!: list(HttpRequestRegexMatcher)"],
  },
  Rate: {
    summary: "A number of requests per interval.",
    fields: ["limit!: integer|string", "interval!: string"],
  },
  HttpRequestRegexMatcher: {
    summary: "The requests that a policy concerns.",
    fields: [
      "method: string",
      "url_base: string",
      "url_path_pattern: string",
      "params: object",
      "headers: object",
      "weight: integer|string",
    ],
  },
  ConcurrencyLevel: {
    summary: "How many requests run side by side.",
    fields: ["default_concurrency!: integer|string", "max_concurrency: integer"],
  },
  CustomBackoffStrategy: {
    summary: "A wait by a class of the user.",
    fields: ["class_name!: string"],
  },
  CustomErrorHandler: {
    summary: "Errors by a class of the user.",
    fields: ["class_name!: string"],
  },
} satisfies ComponentTable;
