// Components of manifests: source. Read by component-types.ts; documentation and validation derive from this.
import type { ComponentTable } from "./declaration.ts";

export const sourceComponents = {
  Spec: {
    summary: "The config that the connector needs.",
    fields: [
      "connection_specification!: object",
      "documentation_url: string",
      "advanced_auth: AuthFlow",
      "config_normalization_rules: object",
    ],
  },
  CheckStream: {
    summary: "Proves a config by reading from streams.",
    fields: [
      "stream_names: list(string)",
      "dynamic_streams_check_configs: list(DynamicStreamCheckConfig)",
      "config_overrides: object",
    ],
  },
  DynamicStreamCheckConfig: {
    summary: "Dynamic streams to read from.",
    fields: ["dynamic_stream_name!: string", "stream_count: integer"],
  },
  CheckDynamicStream: {
    summary: "Proves a config by reading from dynamic streams.",
    fields: ["stream_count!: integer", "use_check_availability: boolean = true", "config_overrides: object"],
  },
  ConfigMigration: {
    summary: "Brings old configs into the new shape.",
    fields: [
      "description: string",
      "transformations!: list(ConfigRemapField|ConfigAddFields|ConfigRemoveFields|CustomConfigTransformation)",
    ],
  },
  ConfigRemapField: {
    summary: "Replaces a value of the config by a map.",
    fields: ["map!: object|string", "field_path!: list(string)"],
  },
  ConfigAddFields: {
    summary: "Sets fields of the config.",
    fields: ["fields!: list(AddedFieldDefinition)", "condition: string"],
  },
  ConfigRemoveFields: {
    summary: "Removes fields of the config.",
    fields: ["field_pointers!: list(list(string))", "condition: string"],
  },
  CustomConfigTransformation: {
    summary: "A change of the config by a class of the user.",
    fields: ["class_name!: string"],
  },
  DpathValidator: {
    summary: "Checks a value of the config.",
    fields: ["field_path!: list(string)", "validation_strategy!: ValidateAdheresToSchema|CustomValidationStrategy"],
  },
  PredicateValidator: {
    summary: "Checks a value.",
    fields: [
      "value!: string|number|object|array|boolean|null",
      "validation_strategy!: ValidateAdheresToSchema|CustomValidationStrategy",
    ],
  },
  ValidateAdheresToSchema: {
    summary: "The value fits a JSON schema.",
    fields: ["base_schema!: string|object"],
  },
  CustomValidationStrategy: {
    summary: "A check by a class of the user.",
    fields: ["class_name!: string"],
  },
} satisfies ComponentTable;
