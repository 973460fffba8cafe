// Error codes of connector manifests; catalogue.ts takes them up.
import type { CatalogueEntry } from "./catalogue-entry.ts";

export const manifestCodes = {
  "manifest-invalid": {
    kind: "user",
    summary: "A connector manifest is wrong.",
    solve: "Correct the file and line that the message names; nothing was read.",
  },
  "manifest-unsupported": {
    kind: "user",
    summary: "A stream of a connector manifest needs something that is not there, such as a custom class.",
    solve: "Leave the stream out of `streams`, or supply the class with `classes`; the other streams are not affected.",
  },
  "connector-config-invalid": {
    kind: "user",
    summary: "The config of a connector does not fit its specification.",
    solve: "Correct the field that the message names; `millrace connector discover` lists the fields.",
  },
  "template-invalid": {
    kind: "user",
    summary: "A template of a connector manifest cannot be parsed.",
    solve: "Correct the template at the place that the message names; nothing was read.",
  },
  "template-failed": {
    kind: "user",
    summary: "A template of a connector manifest failed while it was evaluated.",
    solve: "Correct the template, or the config value that it uses; committed data is safe.",
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
