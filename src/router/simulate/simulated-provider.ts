import type { Price } from "../../core/call.ts";
import { unknownCapabilities } from "../../core/capabilities.ts";
import { CallFailure, type Provider } from "../../providers/provider.ts";
import type { ScenarioProvider } from "./scenario.ts";

/** A provider of the scenario as the decision code asks about it. What a call to it comes to is the {@link Vendor}'s; none goes through here. */
export function simulatedProvider(provider: ScenarioProvider): Provider {
  const { name, contextWindow } = provider;
  const priceAt = (perThousand?: number | null): Price | null => {
    if (perThousand !== undefined && perThousand !== null) {
      return { inputPerMillion: perThousand * 1_000, outputPerMillion: perThousand * 1_000, source: "settings" };
    }
    if (!provider.price) return null;
    return { inputPerMillion: provider.price.input, outputPerMillion: provider.price.output, source: "table" };
  };
  return {
    name,
    defaultModel: "simulated",
    keys: Array.from({ length: provider.keys }, (_, i) => `key-${i + 1}`),
    serves: () => true,
    keyId: (label) => label,
    price: (_model, perThousand) => priceAt(perThousand),
    costUsd(_model, { inputTokens, outputTokens }, perThousand) {
      const price = priceAt(perThousand);
      if (!price || inputTokens === null || outputTokens === null) return null;
      return (inputTokens * price.inputPerMillion + outputTokens * price.outputPerMillion) / 1_000_000;
    },
    capabilities: () => ({ ...unknownCapabilities, contextWindow }),
    call: () => Promise.reject(new CallFailure("network", `${name} is simulated: a replay makes no calls.`)),
    close: () => Promise.resolve(),
  };
}
