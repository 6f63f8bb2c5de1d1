/** What a call is made to: a provider and the model asked of it. */
export interface Target {
  readonly provider: string;
  readonly model: string;
}

/** One text for a target, for keys and maps. */
export function targetId(target: Target): string {
  const known = ids.get(target);
  if (known !== undefined) return known;
  const id = `${target.provider}/${target.model}`;
  ids.set(target, id);
  return id;
}

/** A decision asks for the id of each candidate several times. */
const ids = new WeakMap<Target, string>();
