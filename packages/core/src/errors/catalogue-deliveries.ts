// Error codes of deliveries; catalogue.ts takes them up.
import type { CatalogueEntry } from "./catalogue-entry.ts";

export const deliveryCodes = {
  "delivery-invalid": {
    kind: "user",
    summary: "A delivery is declared wrongly, or does not fit its table.",
    solve: "Correct the file and line that the message names; nothing was sent.",
  },
  "delivery-not-found": {
    kind: "user",
    status: 404,
    summary: "There is no delivery of this name.",
    solve: "List them with: millrace deliver list",
  },
  "delivery-key-not-unique": {
    kind: "user",
    summary: "The key of a delivery does not tell the rows of its table apart.",
    solve: "Name the columns that do with `key`; nothing of this version was made due or sent.",
  },
  "delivery-row-unfit": {
    kind: "user",
    summary: "A row cannot be made a request, such as one with no value for a part of the address.",
    solve: "Correct the row at its source, then: millrace deliver discard; its next version is delivered by itself.",
  },
  "delivery-refused": {
    kind: "user",
    summary: "The receiver of a delivery refused a row.",
    solve: "Look at it with: millrace deliver show; once the receiver takes it: millrace deliver replay.",
  },
  "delivery-too-large": {
    kind: "user",
    summary: "A snapshot has more rows than are sent row by row.",
    solve: 'Deliver it as a file, or send only changes with `send: "changes"`; nothing was made due.',
  },
  "delivery-stopped": {
    kind: "user",
    summary: "A delivery in strict order stands still behind a dead letter.",
    solve: "Look at it with: millrace deliver show; then: millrace deliver replay, or: millrace deliver discard.",
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
