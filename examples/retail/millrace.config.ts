// The retail example: five domains fed by files, REST APIs and events. `npm start` at the root runs it with a simulator of its upstreams.
import { defineProject } from "millrace";

export const project = defineProject({
  name: "retail",
  allowAddresses: ["127.0.0.1"],
});
