import { createAmazonBedrock } from "@ai-sdk/amazon-bedrock";
import { AwsCredentials } from "./aws-credentials.ts";
import { type Access, createEndpoint, type ProviderContext } from "./endpoint.ts";
import { bedrockKnown } from "./known-models.ts";
import type { Provider } from "./provider.ts";
import { bedrockModels } from "./vendor-models.ts";
import { claudeThought, type VendorOptions } from "./vendor-options.ts";

/** AWS Bedrock, through Converse. Without a Bedrock API key its requests are signed with what AWS's usual chain of credentials finds. */
export function bedrock(context: ProviderContext): Provider {
  const { endpoint, region } = context.settings;
  const credentials = new AwsCredentials();
  const open = ({ apiKey, fetch }: Access) =>
    createAmazonBedrock({
      ...(endpoint === "" ? {} : { baseURL: endpoint }),
      region: region ?? "",
      // Empty: signed requests, whatever the package finds in the environment.
      apiKey: apiKey ?? "",
      credentialProvider: () => credentials.get(),
      fetch,
    });
  return createEndpoint(context, {
    pattern: bedrockModels,
    pricing: { vendor: "aws", perThousand: context.costPerThousand },
    known: bedrockKnown,
    open(access) {
      const vendor = open(access);
      return (model) => vendor.languageModel(model);
    },
    openEmbeddings: (access) => open(access).embeddingModel,
    shortened(dimensions, model) {
      if (/amazon\.nova-/.test(model)) return { bedrock: { embeddingDimension: dimensions } };
      return { bedrock: /cohere\.embed-/.test(model) ? { outputDimension: dimensions } : { dimensions } };
    },
    // Found before the call, since the package would bury why there are none.
    ready: async (apiKey) => {
      if (apiKey === null) await credentials.get();
    },
    secrets: () => credentials.secrets,
    vendorOptions({ reasoning }, model): VendorOptions {
      if (reasoning === undefined) return {};
      const thought = isClaude(model)
        ? claudeThought(model, reasoning)
        : ({ type: "enabled", effort: reasoning } as const);
      const { type } = thought;
      const amount =
        "effort" in thought ? { maxReasoningEffort: thought.effort } : { budgetTokens: thought.budgetTokens };
      return { bedrock: { reasoningConfig: { type, ...amount } } };
    },
    // The package forces a tool to get the schema's JSON; Claude refuses to be forced while it thinks.
    takesSchema: ({ reasoning }, model) => reasoning === undefined || !isClaude(model),
  });
}

function isClaude(model: string): boolean {
  return /anthropic\.claude/.test(model);
}
