import type { ProviderSettings } from "../config/settings.ts";

/** What may be told of a configured provider. Never a key. */
export interface ProviderFacts {
  readonly name: string;
  /** `openai`, `anthropic`, ..., `custom`, `plugin`. */
  readonly type: string;
  /** Empty where a plug-in has none. */
  readonly endpoint: string;
  /** Its own model. */
  readonly model: string;
  /** How many keys it has. */
  readonly keys: number;
}

/** The configured providers, without their secrets. */
export function providerFacts(providers: readonly ProviderSettings[]): readonly ProviderFacts[] {
  return providers.map(({ name, type, endpoint, model, keys }) => ({ name, type, endpoint, model, keys: keys.length }));
}
