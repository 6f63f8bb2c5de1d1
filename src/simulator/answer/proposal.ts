/** Something that should be done. */
export interface Proposal {
  /** In the imperative. */
  readonly action: string;
  /** A team that the text names, else a component. */
  readonly owner: string;
  readonly priority: "high" | "medium" | "low";
  /** An ISO date where the text names a day, else a span. */
  readonly due: string;
}

/** Names of a list's item's property under which stands what is to be done. */
export const actionName =
  /^(?:actions?|recommendations?|tasks?|todos?|follow-?ups?|remed(?:y|ies)|mitigations?|measures?|fix|what)$/;

const fields: readonly (readonly [RegExp, keyof Proposal])[] = [
  [/^(?:owners?|team|assignee|responsible|who|by)$/, "owner"],
  [/^(?:priority|urgency|importance)$/, "priority"],
  [/^(?:due|deadline|when|until)$/, "due"],
  [actionName, "action"],
  [/^(?:title|description|summary|text|step|name)$/, "action"],
];

/** What a thing to do says under a key. @param words the key's */
export function proposedFor(words: readonly string[], proposal: Proposal | undefined): string | undefined {
  if (!proposal) return undefined;
  const field = fields.find(([name]) => words.some((word) => name.test(word)))?.[1];
  return field === undefined ? undefined : proposal[field];
}
