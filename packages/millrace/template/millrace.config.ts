// The project: its name and what the defaults do not fit. Everything else is found in domains/.
import { defineProject } from "millrace";

export const project = defineProject({ name: "{{name}}" });
