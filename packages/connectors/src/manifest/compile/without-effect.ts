// Fields of manifests that are known and do nothing here. They are told by stream, before anything runs: no field is silently without effect.
import { isComponent } from "../load/source-lines.ts";
import { streamSchema } from "../schema/stream-schema.ts";
import type { Part } from "./compile-context.ts";

const refusal = "a refused token request is told by its status";
const cursorField = "a cursor field is chosen in the manifest alone";

/** Why, by `Type.field`. */
const reasons: Readonly<Record<string, string>> = {
  "OAuthAuthenticator.token_expiry_date": "the first request asks for a fresh token",
  "OAuthAuthenticator.refresh_token_error_status_codes": refusal,
  "OAuthAuthenticator.refresh_token_error_key": refusal,
  "OAuthAuthenticator.refresh_token_error_values": refusal,
  "StateDelegatingStream.api_retention_period": "the incremental stream is read from its state on, however old that is",
  "QueryProperties.property_selector": "every property is asked for",
  "DatetimeBasedCursor.allow_catalog_defined_cursor_field": cursorField,
  "IncrementingCountCursor.allow_catalog_defined_cursor_field": cursorField,
};

/** Keys below which there are no components of the stream. */
const closed = new Set(["$parameters", "schema_loader", "config_overrides"]);

/** `source-x.yaml:41: stream "orders": QueryProperties.property_selector has no effect here: ...`, for the stream and its parents. */
export function withoutEffect(stream: Part): readonly string[] {
  return [...ofStream(stream), ...found(stream)];
}

function* found(part: Part): Generator<string> {
  for (const [field, value] of Object.entries(part.of)) {
    if (closed.has(field)) continue;
    const why = reasons[`${part.type}.${field}`];
    if (why !== undefined && isSet(value)) yield says(part, field, why);
    for (const inner of part.parts(field)) yield* found(inner);
  }
}

function* ofStream(stream: Part): Generator<string> {
  const retriever = stream.part("retriever");
  if (isSet(stream.of["state_migrations"]) && retriever?.of["partition_router"] === undefined)
    yield says(stream, "state_migrations", "without partitions, states have had one shape only");
  const records = retriever?.part("record_selector");
  if (
    records?.of["schema_normalization"] === "Default" &&
    streamSchema(stream.of, stream.context.lines.file) === undefined
  )
    yield says(
      records,
      "schema_normalization",
      "only the upstream knows the schema; the contract of the table tells the types",
    );
  const extractor = retriever?.part("download_extractor");
  if (extractor?.of["preserve_na_values"] === false)
    yield says(extractor, "preserve_na_values", "texts such as NA always stay what they are");
}

/** What the source as a whole declares for this stream. @param source DeclarativeSource @param isChecked the manifest checks a config with it */
export function withoutEffectOfSource(source: Part, name: string, isChecked: boolean): readonly string[] {
  const groups = source.part("stream_groups");
  const isGrouped = Object.keys(groups?.of ?? {})
    .flatMap((group) => groups?.part(group)?.parts("streams") ?? [])
    .some((stream) => stream.string("name") === name);
  const check = isChecked ? source.part("check") : undefined;
  return [
    ...(isGrouped
      ? [says(source, "stream_groups", "streams of a channel are read one after another; other channels do not wait")]
      : []),
    ...(isSet(check?.of["config_overrides"])
      ? [says(check as Part, "config_overrides", "a check uses the config as it is")]
      : []),
    ...(isSet(check?.of["dynamic_streams_check_configs"])
      ? [
          says(
            check as Part,
            "dynamic_streams_check_configs",
            "a check reads the streams of stream_names, else the first",
          ),
        ]
      : []),
    ...(check?.of["use_check_availability"] === false
      ? [says(check, "use_check_availability", "a check always reads")]
      : []),
  ];
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === "") return false;
  if (Array.isArray(value)) return value.length > 0;
  return !isComponent(value) || Object.keys(value).length > 0;
}

function says(part: Part, field: string, why: string): string {
  return `${part.place(field)} has no effect here: ${why}.`;
}
