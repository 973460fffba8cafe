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
  "upload-too-large": {
    kind: "user",
    status: 413,
    summary: "An uploaded file is larger than its channel takes, packed or unpacked.",
    solve: "Send a smaller file, or raise fileBytesMax or unpackedBytesMax of the channel; its content was not kept.",
  },
  "upload-too-many-parts": {
    kind: "user",
    status: 413,
    summary: "An upload has more files or fields than its channel takes.",
    solve: "Send several requests; nothing was written.",
  },
  "upload-empty": {
    kind: "user",
    status: 422,
    summary: "An uploaded file has no content.",
    solve: "Send the file again with its content; its name stands in quarantine.",
  },
  "upload-type-refused": {
    kind: "user",
    status: 415,
    summary: "The content of an uploaded file is not what it was sent as, or not of a type that its channel takes.",
    solve: "Send it with its own type, or declare the type on the channel; it stands in quarantine with the reason.",
  },
  "upload-checksum": {
    kind: "user",
    status: 422,
    summary: "An upload arrived with other bytes than its checksum says.",
    solve: "Send it again.",
  },
  "upload-name-invalid": {
    kind: "user",
    summary: "The name of an uploaded file is empty, too long, a path or unreadable.",
    solve: "Send a plain file name; nothing was written.",
  },
  "upload-interrupted": {
    kind: "user",
    summary: "An upload ended before its end.",
    solve: "Send it again; nothing of it was kept.",
  },
  "upload-timeout": {
    kind: "user",
    status: 408,
    summary: "An upload took longer than its channel waits.",
    solve: "Send smaller requests, or raise timeout or stall of the channel; nothing of it was kept.",
  },
  "upload-rejected": {
    kind: "user",
    status: 422,
    summary: "No file of an upload passes the contract of its channel.",
    solve: "Correct the fields; the files stand in quarantine and need not be sent again.",
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
