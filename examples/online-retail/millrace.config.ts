// Real data: the UCI Online Retail set. ONLINE_RETAIL names the folder that holds online-retail.csv.gz.
import { defineProject } from "millrace";

export const project = defineProject({ name: "online-retail" });
