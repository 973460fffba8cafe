// Brings states of old shapes into the one by partition.
import { isComponent } from "../load/source-lines.ts";
import type { Part } from "./compile-context.ts";

type Migration = (state: unknown) => unknown;

/** The migration that a stream declares; undefined when there is none. */
export function stateMigration(stream: Part, cursorField: string): Migration | undefined {
  const declared = stream.parts("state_migrations");
  if (declared.some(({ type }) => type === "CustomStateMigration"))
    throw stream.unsupported("a CustomStateMigration has no stand-in; states are taken over only in the present shape");
  return declared.length === 0 ? undefined : legacyToPerPartition(partitionField(stream), cursorField);
}

function partitionField(stream: Part): string {
  const router = stream.part("retriever")?.parts("partition_router")[0];
  const [parent] = router?.parts("parent_stream_configs") ?? [];
  return parent?.string("partition_field") ?? router?.string("cursor_field") ?? "";
}

/** `{ "<parent>": { "<cursor>": value } }` becomes a list of partitions with their cursors. */
function legacyToPerPartition(field: string, cursorField: string): Migration {
  return (state) => {
    if (!isComponent(state) || Object.keys(state).length === 0) return state;
    const entries = Object.entries(state);
    if (
      !entries.every(([, cursor]) => isComponent(cursor) && Object.keys(cursor).length === 1 && cursorField in cursor)
    )
      return state;
    return { states: entries.map(([value, cursor]) => ({ partition: { [field]: value, parent_slice: {} }, cursor })) };
  };
}
