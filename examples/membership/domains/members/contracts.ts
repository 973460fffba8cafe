// One application as the files bring it: all text. Who may become a member is said here, rule by rule, so that each refusal has its reason.
import { contract, rule, t } from "millrace";
import { readSettings } from "../../settings.ts";

const settings = readSettings(process.env);

/** Year first; with slashes month first; with hyphens day first. models/successful.sql reads it in the same way. */
const birthday = `CASE
  WHEN regexp_full_match(date_of_birth, '[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}') THEN TRY_CAST(replace(date_of_birth, '/', '-') AS DATE)
  WHEN regexp_full_match(date_of_birth, '[0-9]{2}/[0-9]{2}/[0-9]{4}')
    THEN TRY_CAST(concat(right(date_of_birth, 4), '-', left(date_of_birth, 2), '-', substr(date_of_birth, 4, 2)) AS DATE)
  WHEN regexp_full_match(date_of_birth, '[0-9]{2}-[0-9]{2}-[0-9]{4}')
    THEN TRY_CAST(concat(right(date_of_birth, 4), '-', substr(date_of_birth, 4, 2), '-', left(date_of_birth, 2)) AS DATE)
END`;

const ofAge = `${birthday} ${settings.ageRule === "over" ? "<" : "<="} (DATE '${settings.ageOn}' - INTERVAL ${settings.ageYears} YEAR)`;

const endings = settings.emailEndings
  .map((ending) => `ends_with(lower(email), '${ending.toLowerCase()}')`)
  .join(" OR ");

export const Application = contract(
  "applications",
  {
    name: t.string().notBlank().pii(),
    email: t.string().email().pii(),
    date_of_birth: t.string().pii(),
    mobile_no: t
      .string()
      .pattern(/^[0-9]{8}$/)
      .pii(),
  },
  [
    rule(
      "birthday_exists",
      { sql: `date_of_birth IS NULL OR (${birthday}) IS NOT NULL` },
      "A day that is in the calendar.",
    ),
    rule("birthday_plausible", { sql: `(${birthday}) >= DATE '1900-01-01'` }, "Nobody alive was born before 1900."),
    rule("of_age", { sql: ofAge }, "Of age on the day that the settings name."),
    rule("email_accepted", { sql: endings }, "An address that the settings accept."),
  ],
);
