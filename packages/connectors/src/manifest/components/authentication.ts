// Components of manifests: authentication. Read by component-types.ts; documentation and validation derive from this.
import type { ComponentTable } from "./declaration.ts";

export const authenticationComponents = {
  NoAuth: {
    summary: "No proof.",
    fields: [],
  },
  ApiKeyAuthenticator: {
    summary: "A key in a header, query parameter or body field.",
    fields: ["api_token: string", "header: string", "inject_into: RequestOption"],
  },
  BearerAuthenticator: {
    summary: "A token in the header Authorization.",
    fields: ["api_token!: string"],
  },
  BasicHttpAuthenticator: {
    summary: "Username and password in the header Authorization.",
    fields: ["username!: string", "password: string"],
  },
  OAuthAuthenticator: {
    summary:
      "OAuth 2.0: exchanges a refresh token, client credentials or a password for an access token, and keeps tokens that the upstream rotates.",
    fields: [
      "client_id_name: string = client_id",
      "client_id: string",
      "client_secret_name: string = client_secret",
      "client_secret: string",
      "refresh_token_name: string = refresh_token",
      "refresh_token: string",
      "token_refresh_endpoint: string",
      "access_token_name: string = access_token",
      "access_token_value: string",
      "expires_in_name: string = expires_in",
      "grant_type_name: string = grant_type",
      "grant_type: string = refresh_token",
      "refresh_request_body: object",
      "refresh_request_headers: object",
      "send_refresh_request_as_query_params: boolean = false",
      "scopes: list(string)",
      "token_expiry_date: string",
      "token_expiry_date_format: string",
      "refresh_token_error_status_codes: list(integer)",
      "refresh_token_error_key: string",
      "refresh_token_error_values: list(string)",
      "refresh_token_updater: any",
      "profile_assertion: JwtAuthenticator",
      "use_profile_assertion: boolean = false",
    ],
  },
  JwtAuthenticator: {
    summary: "A token signed here, as header or parameter.",
    fields: [
      "secret_key!: string",
      "base64_encode_secret_key: boolean = false",
      "algorithm!: enum(HS256,HS384,HS512,ES256,ES256K,ES384,ES512,RS256,RS384,RS512,PS256,PS384,PS512,EdDSA)",
      "token_duration: integer = 1200",
      "header_prefix: string",
      "jwt_headers: object",
      "additional_jwt_headers: object",
      "jwt_payload: object",
      "additional_jwt_payload: object",
      "passphrase: string",
      "request_option: RequestOption",
    ],
  },
  SessionTokenAuthenticator: {
    summary: "Logs in with a request and proves further requests with the token of its answer.",
    fields: [
      "login_requester!: HttpRequester",
      "session_token_path!: list(string)",
      "expiration_duration: string",
      "request_authentication!: SessionTokenRequestApiKeyAuthenticator|SessionTokenRequestBearerAuthenticator",
      "decoder: JsonDecoder|XmlDecoder",
    ],
  },
  SessionTokenRequestApiKeyAuthenticator: {
    summary: "The session token goes where a request option says.",
    fields: ["inject_into!: RequestOption", "api_token: string = {{ session_token }}"],
  },
  SessionTokenRequestBearerAuthenticator: {
    summary: "The session token goes into the header Authorization.",
    fields: [],
  },
  LegacySessionTokenAuthenticator: {
    summary: "Old form of a session token: a given one is tried first, then a login.",
    fields: [
      "header!: string",
      "login_url!: string",
      "session_token: string",
      "session_token_response_key!: string",
      "username: string",
      "password: string",
      "validate_session_url!: string",
    ],
  },
  SelectiveAuthenticator: {
    summary: "One of several proofs, chosen by a value of the config.",
    fields: [
      "authenticator_selection_path!: list(string)",
      "authenticators!: map(ApiKeyAuthenticator|BasicHttpAuthenticator|BearerAuthenticator|OAuthAuthenticator|JwtAuthenticator|SessionTokenAuthenticator|LegacySessionTokenAuthenticator|CustomAuthenticator|NoAuth|RateLimitedMultipleTokenAuthenticator)",
    ],
  },
  RateLimitedMultipleTokenAuthenticator: {
    summary: "Several tokens, the one with the most quota left first.",
    fields: [
      "tokens!: string|list(string)",
      "token_delimiter: string = ,",
      "auth_method: string = Bearer",
      "header: string = Authorization",
      "quota_status_source!: QuotaStatusSource",
      "quotas!: list(TokenQuota)",
      "max_wait_time: string = PT2H",
      "budget_reserve_fraction: number = 0.1",
      "budget_min_reserve: integer = 50",
    ],
  },
  QuotaStatusSource: {
    summary: "Where the quotas of a token are asked.",
    fields: [
      "url!: string",
      "http_method: enum(GET,POST) = GET",
      "request_headers: map(string)",
      "unavailable_status_codes: list(integer)",
    ],
  },
  TokenQuota: {
    summary: "One quota of a token, and the requests that it counts.",
    fields: [
      "name!: string",
      "remaining_path!: list(string)",
      "reset_path!: list(string)",
      "limit_path: list(string)",
      "matchers: list(HttpRequestRegexMatcher)",
      "remaining_header: string",
      "reset_header: string",
      "limit_header: string",
      "exhaustion_status_codes: list(integer)",
    ],
  },
  CustomAuthenticator: {
    summary: "A proof by a class of the user.",
    fields: ["class_name!: string"],
  },
  AuthFlow: {
    summary: "Describes the consent screen; no influence on reading.",
    fields: [
      "auth_flow_type: enum(oauth2.0,oauth1.0)",
      "predicate_key: list(string)",
      "predicate_value: string",
      "oauth_config_specification: OAuthConfigSpecification",
    ],
  },
  OAuthConfigSpecification: {
    summary: "Fields of the consent screen; no influence on reading.",
    fields: [
      "oauth_user_input_from_connector_config_specification: object",
      "oauth_connector_input_specification: object",
      "complete_oauth_output_specification: object",
      "complete_oauth_server_input_specification: object",
      "complete_oauth_server_output_specification: object",
    ],
  },
} satisfies ComponentTable;
