const patterns = {
  email: /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g,
  url: /https?:\/\/[^\s"'<>)\]]+/g,
  ipv4: /\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b/g,
  uuid: /\b[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b/gi,
  dateTime: /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g,
  moment: /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?/g,
  date: /\b\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])\b/g,
  time: /(?<![\d:])(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?(?:\s?[ap]m\b)?/gi,
  phone: /(?<![\w-])(?!\d{4}-\d\d-\d\d)\+?\d[\d ()/-]{6,}\d\b/g,
  reference: /(?:#\d{2,}|\b[A-Z]{1,6}[-_]\d{2,}(?:-\d+)*\b|\b[A-Z]{2,6}\d{2,}\b|\b\d{5,}\b)/g,
  money: /(?:[$€£]\s?\d[\d,]*(?:\.\d+)?|\b\d[\d,]*(?:\.\d+)?\s?(?:USD|EUR|GBP|dollars|euros|pounds)\b)/g,
  person: /\b(?:(?:Mr|Mrs|Ms|Dr)\.? )?[A-Z][a-z]+(?: [A-Z]\.)? [A-Z][a-z]+\b/g,
} as const;

/** What can be found in a text by its form. */
export type Findable = keyof typeof patterns;

const byWord: readonly (readonly [RegExp, ...Findable[]])[] = [
  [/^e?mails?$/, "email"],
  [/^(?:urls?|links?|websites?|uri)$/, "url"],
  [/^ips?$/, "ipv4"],
  [/^uuids?$/, "uuid"],
  [/^(?:dates?|day|deadline|due)$/, "date"],
  [/^(?:times?|when|at|timestamp|started|ended|start|end|begin)$/, "moment", "time"],
  [/^(?:phones?|telephone|mobile)$/, "phone"],
  [/^(?:ids?|numbers?|reference|ticket|tracking)$/, "reference"],
  [/^(?:price|amount|cost|total|sum|fee|money)$/, "money"],
  [/^(?:names?|persons?|people|customer|author|sender|recipient|contact|assignee|owner)$/, "person"],
];

/** Everything of that form, each once, in order. */
export function find(what: Findable, text: string): readonly string[] {
  return [...new Set(text.match(patterns[what]) ?? [])];
}

/** What a key's words ask for by its form, found in a text; nothing if the key asks for nothing of the kind. */
export function findAll(words: readonly string[], text: string): readonly string[] {
  for (const word of [...words].reverse()) {
    const [, ...forms] = byWord.find(([pattern]) => pattern.test(word)) ?? [];
    const found = forms.map((form) => find(form, text)).find((list) => list.length > 0);
    if (found) return found;
  }
  return [];
}

/** What a text itself writes beside a key: `customer: Ann`, `order_id=17`. @returns undefined if it doesn't. */
export function written(words: readonly string[], text: string): string | undefined {
  if (words.length === 0) return undefined;
  const key = words.map((word) => word.replace(/[^\p{L}\d]/gu, "")).join("[\\s_-]*");
  const found = new RegExp(
    `(?<![\\p{L}\\d])"?${key}"?[ \\t]*[:=][ \\t]*(?:"([^"\\n]+)"|([^\\n,;|]+?))(?=\\s*(?:[\\n,;|]|$|\\s\\w+=))`,
    "iu",
  ).exec(text);
  const value = (found?.[1] ?? found?.[2])?.trim();
  return value === "" ? undefined : value;
}
