// What the business may change without touching a rule: from the environment, with the published rules as defaults.

export interface Settings {
  /** The day on which applicants must be of age, and how old that is. */
  readonly ageOn: string;
  readonly ageYears: number;
  /** `over`: born before that day so many years ago. `reached`: on that day counts as well. */
  readonly ageRule: "over" | "reached";
  /** An address must end in one of them, without regard to case: `.com`, or `@emailprovider.com` for one provider. */
  readonly emailEndings: readonly string[];
}

/** @throws Error that names the setting and what it may be */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const ageOn = env["MEMBERSHIP_AGE_ON"] ?? "2022-01-01";
  const ageYears = Number(env["MEMBERSHIP_AGE_YEARS"] ?? "18");
  const ageRule = env["MEMBERSHIP_AGE_RULE"] ?? "over";
  const emailEndings = (env["MEMBERSHIP_EMAIL_ENDINGS"] ?? ".com,.net").split(",").map((ending) => ending.trim());
  if (!/^\d{4}-\d{2}-\d{2}$/.test(ageOn)) throw new Error(`MEMBERSHIP_AGE_ON is a day like 2022-01-01, not ${ageOn}`);
  if (!Number.isInteger(ageYears) || ageYears < 0 || ageYears > 150)
    throw new Error("MEMBERSHIP_AGE_YEARS is a whole number from 0 to 150");
  if (ageRule !== "over" && ageRule !== "reached")
    throw new Error(`MEMBERSHIP_AGE_RULE is over or reached, not ${ageRule}`);
  if (emailEndings.some((ending) => !/^[.@][a-z0-9.@-]+$/i.test(ending)))
    throw new Error("MEMBERSHIP_EMAIL_ENDINGS is a list like .com,.net or @emailprovider.com,@emailprovider.net");
  return { ageOn, ageYears, ageRule, emailEndings };
}
