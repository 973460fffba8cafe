// A project for the benchmarks: one domain, two tables.
import { defineProject } from "millrace";

export const project = defineProject({ name: "bench" });
