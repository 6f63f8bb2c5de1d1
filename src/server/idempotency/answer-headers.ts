/** Headers that belong to one answer, to its connection, or to who got it. */
const ofOneAnswer = new Set([
  "connection",
  "content-length",
  "date",
  "keep-alive",
  "retry-after",
  "set-cookie",
  "transfer-encoding",
  "vary",
]);
const beginnings = ["access-control-", "x-ratelimit-"];

/** The headers of an answer that are given again with it. Pure. */
export function keptHeaders(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      const isKept = !ofOneAnswer.has(name) && !beginnings.some((beginning) => name.startsWith(beginning));
      return isKept && (typeof value === "string" || typeof value === "number") ? [[name, String(value)]] : [];
    }),
  );
}
