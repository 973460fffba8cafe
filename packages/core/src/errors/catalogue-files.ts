// Error codes of files and the places where they stand; catalogue.ts takes them up.
import type { CatalogueEntry } from "./catalogue-entry.ts";

export const filesCodes = {
  "file-changed": {
    kind: "transient",
    summary: "A file changed while it was read.",
    solve: "Write files under another name and rename them when complete; the file is tried again.",
  },
  "file-columns": {
    kind: "user",
    summary: "A file's columns do not match the contract.",
    solve: "Correct the file or the contract; nothing of the file was loaded.",
  },
  "file-inaccessible": {
    kind: "transient",
    summary: "A file or folder cannot be opened or listed.",
    solve: "Correct its permissions or the disk; it is tried again by itself, and other files are loaded meanwhile.",
  },
  "file-manifest": {
    kind: "user",
    summary: "A file is not what its manifest says, or the manifest cannot be read.",
    solve:
      "Deliver the file or its manifest again; nothing of the file was loaded, and both are looked at again when they change.",
  },
  "file-not-moved": {
    kind: "transient",
    summary: "A file that was loaded could not be archived or deleted.",
    solve:
      "Correct the permissions of both folders. Its rows are committed; the move is tried again by itself, and the file is not loaded again.",
  },
  "files-vanished": {
    kind: "transient",
    summary: "All files of a channel are gone at once, as when a drive is not mounted.",
    solve:
      "Check the folder; no row was removed. When they were meant to go, put the next file there: the rows of the others leave with the next look.",
  },
  "file-rewritten": {
    kind: "user",
    summary: "A file that was loaded before has new content, and its channel refuses rewritten files.",
    solve: 'Deliver it under a new name, or declare onRewrite: "replace"; the rows of the first version stay.',
  },
  "file-truncated": {
    kind: "user",
    summary: "A compressed file ends too early.",
    solve: "Deliver the file again; nothing of it was loaded.",
  },
  "file-unreadable": {
    kind: "user",
    summary: "A file's content is not what its name or its channel says.",
    solve: "Correct the file or the format of the channel; nothing of it was loaded.",
  },
  "host-key-mismatch": {
    kind: "user",
    summary: "A server shows another key than the one that its channel trusts.",
    solve:
      "Ask its owner whether the key was changed. If so, put the new fingerprint into hostKey; nothing was sent, and committed rows are kept.",
  },
  "package-missing": {
    kind: "user",
    summary: "A channel needs a package that is not installed with Millrace.",
    solve: "Install the package that the message names beside Millrace; nothing was read.",
  },
  "place-refused": {
    kind: "user",
    summary: "A server of files refused the login.",
    solve: "Check user name, password and key of the channel; committed rows are kept.",
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
