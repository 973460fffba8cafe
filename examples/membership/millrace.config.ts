// Applications for a membership. MEMBERSHIP_DROPS names the folder into which a file comes each hour; settings.ts has the rest.
import { defineProject } from "millrace";

export const project = defineProject({ name: "membership" });
