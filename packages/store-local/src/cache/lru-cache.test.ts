// The embedded cache shows what the port promises.
import { cacheConformance } from "@millrace/core/testing/conformance";
import { createLruCache } from "./lru-cache.ts";

cacheConformance("lru-cache", (bounds) => Promise.resolve(createLruCache(bounds)));
