// Error codes of what stands inside files: archives, spreadsheets, encodings; catalogue.ts takes them up.
import type { CatalogueEntry } from "./catalogue-entry.ts";

export const formatCodes = {
  "file-archive": {
    kind: "user",
    summary: "An archive holds a name that leads outside it, or nothing that the channel asks for.",
    solve: "Deliver an archive with plain names inside; nothing of the file was loaded.",
  },
  "file-encoding": {
    kind: "user",
    summary: "A file's text is not in the encoding that it begins with or that its channel declares.",
    solve: 'Declare its encoding on the channel, such as encoding: "windows-1252"; nothing of the file was loaded.',
  },
  "file-encrypted": {
    kind: "user",
    summary: "A file is protected by a password.",
    solve: "Deliver it without a password; nothing of the file was loaded.",
  },
  "file-header": {
    kind: "user",
    summary: "A file's header cannot be told: two rows fit, or its cells are merged.",
    solve: "Declare `headerRow` or `headerRows` on the channel, or correct the file; nothing of it was loaded.",
  },
  "file-merged-cells": {
    kind: "user",
    summary: "Cells of a spreadsheet's records are merged, so that some of them would be empty.",
    solve: 'Unmerge them, or declare mergedCells: "fill" or "first" on the channel; nothing of the file was loaded.',
  },
  "file-sheet": {
    kind: "user",
    summary: "A workbook does not have the sheet, or it is not told which one of several is meant.",
    solve: "Declare `sheet` of the channel with one of the names in the message; nothing of the file was loaded.",
  },
  "file-too-large": {
    kind: "user",
    summary: "A file unpacks to more than the bound, or to suspiciously more than its size.",
    solve: "Deliver it in parts; nothing of the file was loaded.",
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
