// Files of applications, looked for every hour. Each is read once; a corrected delivery replaces the rows of the file before.
import { env, files, quietPeriod } from "millrace";
import { Application } from "./contracts.ts";

export const hourly = files("applications*[0-9].csv", {
  folder: env("MEMBERSHIP_DROPS"),
  into: Application,
  ready: quietPeriod("2s"),
  every: "1h",
});
