import { CallFailure } from "./provider.ts";

type Chain = ReturnType<typeof import("@aws-sdk/credential-provider-node").defaultProvider>;

/** What AWS's usual chain finds: variables, profile, SSO, web identity, container, instance. Kept until it is about to expire. */
export class AwsCredentials {
  #chain: Chain | undefined;
  #secrets: readonly string[] = [];

  /** What must never be shown. */
  get secrets(): readonly string[] {
    return this.#secrets;
  }

  /** @throws CallFailure auth - there are none */
  async get(): ReturnType<Chain> {
    try {
      // Loaded at the first call: it is large, and most processes have no use for it.
      this.#chain ??= (await import("@aws-sdk/credential-provider-node")).defaultProvider();
      const found = await this.#chain();
      this.#secrets = [found.secretAccessKey, found.sessionToken].filter((secret) => secret !== undefined);
      return found;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new CallFailure("auth", `AWS's chain of credentials ended without any: ${why}`, { cause });
    }
  }
}
