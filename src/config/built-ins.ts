import type { ProviderType } from "./settings.ts";

/** A field of a provider's entry in the file that a variable can set too. */
export type ProviderField = "api_key" | "endpoint" | "model" | "timeout" | "region" | "api_version" | "api";

/** A provider that is known by name: its variables and what it has without being told. */
export interface BuiltIn {
  readonly type: ProviderType;
  /** Variables, by what they set. */
  readonly variables: Readonly<Partial<Record<ProviderField, string>>>;
  /** A variable of the vendor's that holds its key where ours and the file do not. */
  readonly inheritedKey?: string;
  /** What it cannot do without. One of them set makes it configured; the others must then be there too. */
  readonly needs: readonly [ProviderField, ...ProviderField[]];
  /** Empty: it depends on the other settings. */
  readonly endpoint: string;
  /** What follows host and port in an endpoint that names no path. */
  readonly path: string;
  /** Empty: it must be given. */
  readonly model: string;
  /** True: EDITION=community refuses it. */
  readonly enterprise?: boolean;
}

const usual = (prefix: string) => ({
  api_key: `${prefix}_API_KEY`,
  endpoint: `${prefix}_ENDPOINT`,
  model: `${prefix}_MODEL`,
  timeout: `${prefix}_TIMEOUT_SECONDS`,
});

/** The providers that need no entry in the file, by name. */
export const builtIns: Readonly<Record<string, BuiltIn>> = {
  openai: {
    type: "openai",
    variables: { ...usual("OPENAI"), api: "OPENAI_API" },
    needs: ["api_key"],
    endpoint: "https://api.openai.com/v1",
    path: "/v1",
    model: "gpt-5-mini",
  },
  anthropic: {
    type: "anthropic",
    variables: usual("ANTHROPIC"),
    needs: ["api_key"],
    endpoint: "https://api.anthropic.com/v1",
    path: "/v1",
    model: "claude-sonnet-4-6",
  },
  "azure-openai": {
    type: "azure-openai",
    variables: {
      api_key: "AZURE_OPENAI_API_KEY",
      endpoint: "AZURE_OPENAI_ENDPOINT",
      model: "AZURE_OPENAI_DEPLOYMENT_NAME",
      timeout: "AZURE_OPENAI_TIMEOUT_SECONDS",
      api_version: "AZURE_OPENAI_API_VERSION",
      api: "AZURE_OPENAI_API",
    },
    needs: ["endpoint", "api_key", "model"],
    endpoint: "",
    path: "",
    model: "",
  },
  gemini: {
    type: "gemini",
    variables: usual("GOOGLE"),
    needs: ["api_key"],
    endpoint: "https://generativelanguage.googleapis.com/v1beta",
    path: "/v1beta",
    model: "gemini-3.5-flash",
  },
  ollama: {
    type: "ollama",
    variables: usual("OLLAMA"),
    needs: ["endpoint"],
    endpoint: "http://127.0.0.1:11434/v1",
    path: "/v1",
    model: "llama3.2",
  },
  bedrock: {
    type: "bedrock",
    variables: { ...usual("BEDROCK"), region: "BEDROCK_REGION" },
    inheritedKey: "AWS_BEARER_TOKEN_BEDROCK",
    needs: ["region"],
    endpoint: "",
    path: "",
    model: "global.anthropic.claude-sonnet-4-6",
    enterprise: true,
  },
};

/** What makes a built-in provider configured, for messages: `AZURE_OPENAI_ENDPOINT, AZURE_OPENAI_API_KEY and ...`. */
export function neededVariables({ needs, variables }: BuiltIn): string {
  const names = needs.map((field) => variables[field] ?? field);
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** The variables of the built-in providers. */
export const providerVariables: readonly string[] = Object.values(builtIns).flatMap(({ variables }) =>
  Object.values(variables),
);
