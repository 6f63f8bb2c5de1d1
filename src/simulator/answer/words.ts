const stopWords = new Set(
  (
    "a about after all also am an and any are as at be because been before being but by can could did do does for from had has have he her " +
    "here him his how i if in into is it its just me more most my no not now of off on once only or other our out over she should so some " +
    "such than that the their them then there these they this those through to too under until up very was we were what when where which " +
    "while who whom why will with would you your please dear hello hi thanks regards info warn error"
  ).split(" "),
);

const alarm =
  /\b(?:fatal|critical|outage|down|fail\w*|error\w*|crash\w*|panic|timeout|timed out|refused|exhausted|unavailable|lost|breach|urgent|broken|rejected|affected|root cause)\b/gi;
const calm = /\b(?:debug|trace|heartbeat|health check|ok)\b/i;

/** Words of a text that carry meaning, in lower case, in order, with repetitions. */
export function significantWords(text: string): readonly string[] {
  const words = text.toLowerCase().match(/[\p{L}][\p{L}\d'-]{2,}/gu) ?? [];
  return words.filter((word) => !stopWords.has(word));
}

/** How much a passage says about its text. @param counts how often each significant word occurs in the text. */
export function weightOf(passage: string, counts: ReadonlyMap<string, number>): number {
  const words = significantWords(passage);
  if (words.length === 0) return 0;
  const shared = words.reduce((sum, word) => sum + Math.min(4, (counts.get(word) ?? 1) - 1), 0);
  const alarms = passage.match(alarm)?.length ?? 0;
  const numbers = passage.match(/\d+/g)?.length ?? 0;
  const length = Math.min(1, words.length / 5);
  return (
    (shared / Math.sqrt(words.length) + 2 * Math.min(3, alarms) + Math.min(2, numbers) * 0.5 + length) *
    (calm.test(passage) ? 0.4 : 1)
  );
}

/** The words that occur most, most frequent first; equals in the order of the text. */
export function topWords(text: string, count: number): readonly string[] {
  const counts = new Map<string, number>();
  for (const word of significantWords(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, count)
    .map(([word]) => word);
}

const matchers = new Map<string, RegExp>();

/** How often a word (or phrase) occurs in some form (`fail`: failed, failing) and is not denied (`no data loss`). */
export function countWord(text: string, word: string): number {
  const key = word.toLowerCase();
  let matcher = matchers.get(key);
  if (!matcher) {
    const escaped = key.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/[\s_-]+/g, "[\\s_-]+");
    matcher = new RegExp(`(?<![\\p{L}\\d])${escaped}(?:s|es|d|ed|ing|er|ly)?(?![\\p{L}\\d])`, "giu");
    if (matchers.size > 2_000) matchers.clear();
    matchers.set(key, matcher);
  }
  let count = 0;
  for (const match of text.matchAll(matcher)) {
    const before = text.slice(Math.max(0, match.index - 14), match.index);
    if (!/\b(?:no|not|never|without|zero|0|isn't|wasn't|non)[\s-]+(?:\w+\s+)?$/i.test(before)) count++;
  }
  return count;
}

/** Words of a key or of an enum's value: `rootCause`, `root_cause`, `Root cause` are all root, cause. */
export function nameWords(name: string): readonly string[] {
  return (name.replace(/([a-z\d])([A-Z])/g, "$1 $2").match(/[\p{L}\d]+/gu) ?? []).map((word) => word.toLowerCase());
}
