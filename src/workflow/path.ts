/** Where something stands in a JSON value: keys and 0-based indexes from the top. */
export type Path = readonly (string | number)[];

/** A path for people: `steps.1.llm.prompt`. */
export function pathText(path: Path): string {
  return path.join(".");
}

/** A copy of a JSON value in which the string at each given path is replaced. Untouched parts are shared. */
export function withReplaced<T>(value: T, replacements: Iterable<{ readonly path: Path; readonly value: unknown }>): T {
  let copy: unknown = value;
  for (const replacement of replacements) copy = replaced(copy, replacement.path, replacement.value);
  return copy as T;
}

function replaced(here: unknown, path: Path, value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (Array.isArray(here)) return here.map((item, index) => (index === key ? replaced(item, rest, value) : item));
  const members = here as Readonly<Record<string, unknown>>;
  return { ...members, [key]: replaced(members[key], rest, value) };
}

/** Every string in a JSON value, with its path. */
export function* stringsIn(value: unknown, path: Path = []): Generator<{ readonly path: Path; readonly text: string }> {
  if (typeof value === "string") yield { path, text: value };
  else if (Array.isArray(value)) for (const [index, item] of value.entries()) yield* stringsIn(item, [...path, index]);
  else if (typeof value === "object" && value !== null) {
    for (const [key, member] of Object.entries(value)) yield* stringsIn(member, [...path, key]);
  }
}
