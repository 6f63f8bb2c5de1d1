/** Models that are remembered of one provider. Callers may name any. */
const mostModels = 1_000;

/** Remembers what belongs to each name, of a model or an address, so that it is found, or made, once. */
export function remembered<T>(find: (model: string) => T): (model: string) => T {
  const found = new Map<string, T>();
  return (model) => {
    const known = found.get(model);
    if (known !== undefined) return known;
    const made = find(model);
    if (found.size >= mostModels) found.clear();
    found.set(model, made);
    return made;
  };
}
