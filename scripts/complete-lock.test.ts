// The lock file completion: which platform packages count as missing, and which do not.
import { describe, expect, it } from "vitest";
import { missingPlatformPackages } from "./complete-lock.ts";

describe("missingPlatformPackages", () => {
  it("adds a platform package that the lock file lacks, with its platform read from its name", () => {
    const missing = missingPlatformPackages({
      "": {},
      "node_modules/engine": { optionalDependencies: { "@engine/linux-x64-musl": "1.2.3" } },
    });
    expect([...missing]).toEqual([
      [
        "node_modules/@engine/linux-x64-musl",
        { version: "1.2.3", cpu: ["x64"], os: ["linux"], libc: ["musl"], optional: true },
      ],
    ]);
  });

  it("finds a package beside its parent, above it, and at the root", () => {
    const wanted = { optionalDependencies: { "tool-darwin-arm64": "1.0.0" } };
    expect(
      missingPlatformPackages({ "node_modules/a": wanted, "node_modules/a/node_modules/tool-darwin-arm64": {} }).size,
    ).toBe(0);
    expect(
      missingPlatformPackages({
        "node_modules/a/node_modules/b": wanted,
        "node_modules/a/node_modules/tool-darwin-arm64": {},
      }).size,
    ).toBe(0);
    expect(
      missingPlatformPackages({ "node_modules/a/node_modules/b": wanted, "node_modules/tool-darwin-arm64": {} }).size,
    ).toBe(0);
    expect(
      missingPlatformPackages({ "node_modules/a": wanted, "node_modules/b/node_modules/tool-darwin-arm64": {} }).size,
    ).toBe(1);
  });

  it("leaves ranges and packages without a platform in their name alone", () => {
    const missing = missingPlatformPackages({
      "node_modules/a": { optionalDependencies: { "a-linux-x64": "^1.0.0", fsevents: "2.3.3" } },
    });
    expect(missing.size).toBe(0);
  });
});
