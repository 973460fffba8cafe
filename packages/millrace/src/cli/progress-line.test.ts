// A bar on a terminal, silence in a pipe.
import { expect, it, vi } from "vitest";
import { ProgressLine, progressText } from "./progress-line.ts";

it("shows count, total and unit", () => {
  expect(progressText({ subject: "sales.files", done: 1200, total: 2400, unit: "rows" })).toBe(
    "sales.files  [############------------]  1,200 of 2,400 rows",
  );
  expect(progressText({ subject: "backup", done: 1536, unit: "bytes" })).toBe("backup  1.5 KiB");
});

it("writes nothing where nobody watches, nor for work that is over at once", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  try {
    const written: string[] = [];
    const write = (text: string): number => written.push(text);
    const pipe = new ProgressLine({ write });
    const terminal = new ProgressLine({ write, isTTY: true, columns: 80 });
    const progress = { subject: "s", done: 1, unit: "rows" } as const;
    terminal.show(progress);
    vi.advanceTimersByTime(1000);
    pipe.show(progress);
    pipe.clear();
    terminal.clear();
    expect(written).toEqual([]);
    terminal.show(progress);
    terminal.clear();
    expect(written).toEqual(["\r\u001b[2Ks  1 rows", "\r\u001b[2K"]);
  } finally {
    vi.useRealTimers();
  }
});
