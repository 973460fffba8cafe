// The fields of an Open Data Contract, version 3.0 and 3.1 of the standard of Bitol, as its own documentation names them. Server fields differ by type
// and are taken as they come; everything else that the standard does not know is refused with its line.
import type { FieldsShape, Shape } from "../document/shape.ts";

const tags: Shape = { list: "text" };

const customProperties: Shape = {
  list: {
    name: "a custom property",
    fields: { id: "text", property: "text", value: "any", description: "text" },
    required: ["property", "value"],
  },
};

const authoritativeDefinitions: Shape = {
  list: {
    name: "an authoritative definition",
    fields: { id: "text", url: "text", type: "text", description: "text" },
    required: ["url", "type"],
  },
};

const linked = { authoritativeDefinitions, customProperties } as const;

const role: Shape = {
  name: "a role",
  fields: {
    id: "text",
    role: "text",
    description: "text",
    access: "text",
    firstLevelApprovers: "text",
    secondLevelApprovers: "text",
    customProperties,
  },
  required: ["role"],
};

const server: Shape = {
  name: "a server",
  fields: {
    id: "text",
    server: "text",
    type: "text",
    description: "text",
    environment: "text",
    roles: { list: role },
    customProperties,
  },
  required: ["server", "type"],
  open: true,
};

const support: Shape = {
  name: "a support channel",
  fields: {
    id: "text",
    channel: "text",
    url: "text",
    description: "text",
    tool: "text",
    scope: "text",
    invitationUrl: "text",
    customProperties,
  },
  required: ["channel"],
};

const member: Shape = {
  name: "a member of the team",
  fields: {
    id: "text",
    username: "text",
    name: "text",
    description: "text",
    role: "text",
    dateIn: "text",
    dateOut: "text",
    replacedByUsername: "text",
    tags,
    ...linked,
  },
};

const team: Shape = {
  name: "the team",
  fields: { id: "text", name: "text", description: "text", members: { list: member }, tags, ...linked },
};

const slaProperty: Shape = {
  name: "a service level",
  fields: {
    id: "text",
    property: "text",
    value: "scalar",
    valueExt: "scalar",
    unit: "text",
    element: "text",
    driver: "text",
    description: "text",
    scheduler: "text",
    schedule: "text",
  },
  required: ["property", "value"],
};

const ends: Shape = { either: ["text", { list: "text", itemsMin: 1 }] };

const relationship = (required: readonly string[]): Shape => ({
  name: "a relationship",
  fields: { id: "text", type: { words: ["foreignKey"] }, from: ends, to: ends, customProperties },
  required,
});

const range: Shape = { list: "number", itemsMin: 2, itemsMax: 2 };

const qualityCheck: FieldsShape = {
  name: "a quality check",
  fields: {
    id: "text",
    name: "text",
    description: "text",
    type: { words: ["text", "library", "sql", "custom"] },
    metric: "text",
    rule: "text",
    arguments: { mapOf: "any" },
    query: "text",
    engine: "text",
    implementation: "any",
    mustBe: "any",
    mustNotBe: "any",
    mustBeGreaterThan: "number",
    mustBeGreaterOrEqualTo: "number",
    mustBeLessThan: "number",
    mustBeLessOrEqualTo: "number",
    mustBeBetween: range,
    mustNotBeBetween: range,
    unit: "text",
    businessImpact: "text",
    dimension: "text",
    method: "text",
    severity: "text",
    schedule: "text",
    scheduler: "text",
    tags,
    ...linked,
  },
};

const described = {
  id: "text",
  name: "text",
  physicalName: "text",
  physicalType: "text",
  description: "text",
  businessName: "text",
  tags,
  ...linked,
  quality: { list: qualityCheck },
} as const satisfies Readonly<Record<string, Shape>>;

/** The options of each logical type. */
const typeOptions: FieldsShape = {
  name: "logicalTypeOptions",
  fields: {
    minLength: "integer",
    maxLength: "integer",
    pattern: "text",
    format: "text",
    minimum: "scalar",
    maximum: "scalar",
    exclusiveMinimum: "scalar",
    exclusiveMaximum: "scalar",
    multipleOf: "number",
    timezone: "boolean",
    defaultTimezone: "text",
    minItems: "integer",
    maxItems: "integer",
    uniqueItems: "boolean",
    minProperties: "integer",
    maxProperties: "integer",
    required: { list: "text" },
  },
};

const propertyFields = {
  ...described,
  primaryKey: "boolean",
  primaryKeyPosition: "integer",
  logicalType: {
    words: ["string", "date", "timestamp", "time", "number", "integer", "object", "array", "boolean"],
  },
  logicalTypeOptions: typeOptions,
  required: "boolean",
  unique: "boolean",
  partitioned: "boolean",
  partitionKeyPosition: "integer",
  classification: "text",
  encryptedName: "text",
  transformSourceObjects: { list: "text" },
  transformLogic: "text",
  transformDescription: "text",
  examples: { list: "any" },
  criticalDataElement: "boolean",
  relationships: { list: relationship(["to"]) },
  properties: { list: () => property },
  items: () => item,
} as const satisfies Readonly<Record<string, Shape>>;

const property: FieldsShape = { name: "a property", fields: propertyFields, required: ["name"] };
const item: FieldsShape = { name: "the items", fields: propertyFields };

const table: FieldsShape = {
  name: "a table of the schema",
  fields: {
    ...described,
    logicalType: { words: ["object"] },
    dataGranularityDescription: "text",
    properties: { list: property },
    relationships: { list: relationship(["from", "to"]) },
  },
  required: ["name"],
};

/** A whole document. */
export const documentShape: FieldsShape = {
  name: "the contract",
  fields: {
    apiVersion: "text",
    kind: { words: ["DataContract"] },
    id: "text",
    name: "text",
    version: "text",
    status: "text",
    tenant: "text",
    domain: "text",
    dataProduct: "text",
    tags,
    description: {
      name: "the description",
      fields: { usage: "text", purpose: "text", limitations: "text", ...linked },
    },
    schema: { list: table },
    servers: { list: server },
    support: { list: support },
    price: {
      name: "the price",
      fields: { id: "text", priceAmount: "number", priceCurrency: "text", priceUnit: "text" },
    },
    team: { either: [{ list: member }, team] },
    roles: { list: role },
    slaDefaultElement: "text",
    slaProperties: { list: slaProperty },
    contractCreatedTs: "text",
    ...linked,
  },
  required: ["version", "apiVersion", "kind", "id", "status"],
};
