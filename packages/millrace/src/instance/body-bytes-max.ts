// The largest request body: one setting for the HTTP interface and for the platform behind it.
import type { ProjectDefinition } from "@millrace/core";

const DEFAULT = 16 * 2 ** 20;

export function bodyBytesMaxOf(project: Pick<ProjectDefinition, "config">): number {
  return project.config.server?.bodyBytesMax ?? DEFAULT;
}
