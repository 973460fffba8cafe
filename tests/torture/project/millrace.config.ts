// The project under torture: every kind of channel into every write mode, with models of each kind above them.
import { defineProject } from "millrace";

export const project = defineProject({
  name: "torture",
  allowAddresses: ["127.0.0.1"],
  limits: { memory: "2GiB", threads: 2 },
});
