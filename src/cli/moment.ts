/** A moment for people, in UTC: `2026-01-01 12:00:00`. @param at epoch milliseconds; null: empty */
export function momentWords(at: number | null): string {
  return at === null ? "" : new Date(at).toISOString().replace("T", " ").slice(0, 19);
}

/** The same without seconds: `2026-01-01 12:00`. @param at epoch milliseconds; null: empty */
export function minuteWords(at: number | null): string {
  return momentWords(at).slice(0, 16);
}
