/** What a call is made to: a provider and the model asked of it. */
export interface Target {
  readonly provider: string;
  readonly model: string;
}

/** One text for a target, for keys and maps. */
export function targetId({ provider, model }: Target): string {
  return `${provider}/${model}`;
}
