// What `millrace query` prints.
import { parseExact } from "@millrace/core";
import { expect, it } from "vitest";
import { formatCsv, formatTable } from "./table.ts";

it("aligns columns, numbers to the right, and keeps every digit", () => {
  const rows = parseExact('[["a",9007199254740993,12.30],["bcd",null,-1.5]]') as unknown[][];
  expect(formatTable(["name", "count", "price"], rows)).toBe(
    [
      "name             count  price",
      "----  ----------------  -----",
      "a     9007199254740993  12.30",
      "bcd                      -1.5",
    ].join("\n"),
  );
});

it("does not let data move the cursor", () => {
  expect(formatTable(["x"], [["a\u001b[2Jb\nc"]])).toBe("x\n--------------\na\\u001b[2Jb\\nc");
});

it("writes CSV that a reader takes back", () => {
  expect(
    formatCsv(
      ["a", "b"],
      [
        ["x,y", 'say "hi"\nnow'],
        [null, { k: [1n] }],
      ],
    ),
  ).toBe('a,b\r\n"x,y","say ""hi""\nnow"\r\n,"{""k"":[1]}"\r\n');
});
