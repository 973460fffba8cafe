// The manifest that is published: it names no file that the tarball lacks.
import { expect, it } from "vitest";
import { publishedManifest } from "./pack.ts";

it("drops the source condition from every entry and keeps the rest in order", () => {
  const manifest = {
    name: "x",
    version: "1.0.0",
    type: "module",
    exports: {
      ".": { "millrace-source": "./src/index.ts", types: "./dist/index.d.ts", default: "./dist/index.js" },
      "./package.json": "./package.json",
    },
  };
  const published = publishedManifest(manifest);
  expect(JSON.stringify(published.exports)).toBe(
    '{".":{"types":"./dist/index.d.ts","default":"./dist/index.js"},"./package.json":"./package.json"}',
  );
  expect(published.type).toBe("module");
});
