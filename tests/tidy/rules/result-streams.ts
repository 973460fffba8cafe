// DuckDB ends a failed stream as if it were complete. One file streams, with a sentinel row; everything else goes through it.
import { lineAt } from "../imports.ts";
import { filesMatching, isTestFile, type Finding, type Rule, type SourceTree } from "../tree.ts";

const STREAMING = /\.(stream|streamAndRead\w*|runAndStream\w*|startStream\w*)\(/g;

function check(tree: SourceTree): Finding[] {
  const places = filesMatching(tree, /^packages\/[^/]+\/src\/.*\.ts$/)
    .filter(
      ([path, text]) =>
        !isTestFile(path) && (path.startsWith("packages/warehouse-duckdb/") || text.includes("@duckdb/node-api")),
    )
    .flatMap(([path, text]) =>
      [...text.matchAll(STREAMING)].map((match) => ({ path, line: lineAt(text, match.index) })),
    );
  const files = [...new Set(places.map((place) => place.path))];
  if (files.length <= 1) return [];
  return places.map((place) => ({ ...place, message: `streams a DuckDB result; ${files.length} files do, one may` }));
}

/** At most one file calls DuckDB's streaming methods. */
export const resultStreamsRule: Rule = {
  name: "one file streams results out of DuckDB",
  check,
  planted: [
    {
      files: {
        "packages/warehouse-duckdb/src/result-stream.ts": "// Streams.\nawait connection.stream(sql);",
        "packages/warehouse-duckdb/src/other.ts": "// Other.\n\nawait connection.streamAndReadAll(sql);",
        "packages/server/src/http.ts": "// Not DuckDB.\nreply.stream(body);",
      },
      finds: ["2 files do", "2 files do"],
    },
  ],
};
