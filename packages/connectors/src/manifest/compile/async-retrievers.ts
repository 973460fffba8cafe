// AsyncRetriever: a job that is created, asked after and downloaded.
import type { AsyncRetriever, JobStatus } from "../../rest-engine/components.ts";
import { valueAtPath, valuesAtPath } from "../../rest-engine/record-path.ts";
import { str } from "../template/python-text.ts";
import type { Part } from "./compile-context.ts";
import { customPart } from "./custom-part.ts";
import { decoder } from "./decoders.ts";
import { paginator } from "./paginators.ts";
import { requester } from "./requesters.ts";
import { normaliser } from "./schema-normalisation.ts";
import { selector } from "./selectors.ts";
import { streamSchema } from "../schema/stream-schema.ts";

const pollMinutesDefault = 60;

export function asyncRetriever(stream: Part, retriever: Part): AsyncRetriever {
  const records = retriever.need("record_selector");
  const normalise = normaliser(records, () => streamSchema(stream.of, stream.context.lines.file));
  const target = retriever.part("download_target_requester");
  const optional = (field: "abort_requester" | "delete_requester") => retriever.part(field);
  const [abort, remove] = [optional("abort_requester"), optional("delete_requester")];
  return {
    kind: "async",
    creation: requester(retriever.need("creation_requester")),
    polling: requester(retriever.need("polling_requester")),
    ...(target === undefined ? {} : { target: requester(target) }),
    download: requester(retriever.need("download_requester")),
    ...(abort === undefined ? {} : { abort: requester(abort) }),
    ...(remove === undefined ? {} : { remove: requester(remove) }),
    decoder: decoder(retriever.part("decoder")),
    status: statusOf(retriever),
    targets: targetsOf(retriever.part("download_target_extractor")),
    downloadDecoder: downloadDecoder(retriever),
    downloadPaginator: paginator(retriever.part("download_paginator")),
    selector: selector({
      selector: downloadSelector(records, retriever),
      transformations: stream.parts("transformations"),
      filtersByCursor: false,
      ...(normalise === undefined ? {} : { normalise }),
    }),
    pollTimeoutMs: (retriever.integer("polling_job_timeout") ?? pollMinutesDefault) * 60_000,
    retryWaitMs: (retriever.integer("failed_retry_wait_time_in_seconds") ?? 0) * 1000,
    jobsMax: 1,
  };
}

/** A large answer is CSV, whatever the decoder says. */
function downloadDecoder(retriever: Part): AsyncRetriever["downloadDecoder"] {
  const declared = retriever.part("download_decoder");
  const toFile = retriever.part("download_extractor")?.type === "ResponseToFileExtractor";
  return declared === undefined && toFile ? decoder(asCsv(retriever)) : decoder(declared);
}

function asCsv(retriever: Part): Part {
  return retriever.with({ type: "CsvDecoder", delimiter: ",", encoding: "utf-8" });
}

/** Records of a download are found by its own extractor; filter and order come from the stream's selector. */
function downloadSelector(records: Part, retriever: Part): Part {
  const declared = retriever.part("download_extractor");
  const extractor =
    declared === undefined || declared.type === "ResponseToFileExtractor"
      ? { type: "DpathExtractor", field_path: [] }
      : declared.of;
  return records.with({ ...records.of, extractor });
}

const statuses: readonly (readonly [string, JobStatus])[] = [
  ["running", "running"],
  ["completed", "completed"],
  ["failed", "failed"],
  ["timeout", "timed-out"],
  ["skipped", "skipped"],
];

function statusOf(retriever: Part): (polled: unknown) => JobStatus {
  const mapping = retriever.need("status_mapping");
  const known = new Map<string, JobStatus>();
  for (const [field, status] of statuses) for (const word of mapping.path(field)) known.set(word, status);
  const extract = extractor(retriever.need("status_extractor"));
  return (polled) => {
    const [word] = extract(polled);
    const status = known.get(str(word ?? null));
    if (status === undefined)
      throw mapping.invalid(
        "running",
        `the upstream answered the job status ${JSON.stringify(word)}, which no field of status_mapping has`,
      );
    return status;
  };
}

function targetsOf(declared: Part | undefined): (document: unknown) => readonly string[] {
  if (declared === undefined) return () => [];
  const extract = extractor(declared);
  return (document) => extract(document).map(str);
}

function extractor(declared: Part): (document: unknown) => readonly unknown[] {
  if (declared.type === "CustomRecordExtractor") {
    const extract = customPart(declared, "CustomRecordExtractor");
    return (document) => [...extract(document, declared.place("extractor"))];
  }
  const path = declared.path("field_path");
  return (document) => {
    const found = path.includes("*") ? valuesAtPath(document, path) : valueAtPath(document, path);
    return Array.isArray(found) ? (found as unknown[]) : found === undefined ? [] : [found];
  };
}
