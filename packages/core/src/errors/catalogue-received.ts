// Error codes of what other systems and people send: webhooks and uploads; catalogue.ts takes them up.
import type { CatalogueEntry } from "./catalogue-entry.ts";

export const receivedCodes = {
  "hook-signature-missing": {
    kind: "user",
    status: 401,
    summary: "A webhook request lacks a header that its signature needs.",
    solve: "Send the header that the message names, as the sender's documentation says; nothing was written.",
  },
  "hook-signature-invalid": {
    kind: "user",
    status: 401,
    summary: "A webhook request is not signed with a secret of its channel.",
    solve: "Compare the secret on both sides, and sign the body byte for byte; nothing was written.",
  },
  "hook-timestamp-invalid": {
    kind: "user",
    status: 401,
    summary: "A signed webhook request is too old, or its clock is wrong.",
    solve: "Set the sender's clock, or raise the channel's tolerance; nothing was written.",
  },
  "hook-unavailable": {
    kind: "transient",
    status: 503,
    summary: "A webhook channel cannot verify requests now.",
    solve: "Look at the log of the instance: a secret of the channel may not be set. Senders try again by themselves.",
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
