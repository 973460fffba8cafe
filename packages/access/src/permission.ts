// What can be allowed. A call names the one permission that it needs; whoever lacks it is refused.

/** Every permission there is, with what it opens. */
export const permissions = {
  "data.read": "Read tables and models through the data API.",
  "events.write": "Send events to channels.",
  "schema.read": "Read the OpenAPI description.",
  "metrics.read": "Read the metrics.",
  "platform.read": "See status, batches, plans and quarantine without personal data, and query with SELECT.",
  "platform.operate": "Run, replay, back up and stop; see personal data in quarantine.",
} as const;

export type Permission = keyof typeof permissions;

export const everyPermission: readonly Permission[] = Object.keys(permissions) as Permission[];
