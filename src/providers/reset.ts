/** Response headers by lower-case name. */
export type Headers = Readonly<Record<string, string | undefined>>;

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A day: a longer wish is cut, so that one wrong header cannot take a target out for good. */
const longestMs = 86_400_000;

/**
 * How long a provider asks to be left alone: Retry-After in seconds or as a date, its `-ms` form, or the reset of the vendor's used-up limits.
 * @param nowMs our clock, for dates; the answer's own Date header is preferred, so that a wrong clock doesn't matter.
 * @returns milliseconds, 0 or more; null: it did not say.
 */
export function retryAfterMs(headers: Headers, nowMs: number): number | null {
  const theirs = Date.parse(headers.date ?? "");
  const base = Number.isNaN(theirs) ? nowMs : theirs;
  const asked = fromRetryAfter(headers, base) ?? fromResets(headers, base);
  return asked === null ? null : Math.min(Math.max(0, Math.ceil(asked)), longestMs);
}

function fromRetryAfter(headers: Headers, base: number): number | null {
  const exact = Number(headers["retry-after-ms"] ?? Number.NaN);
  if (Number.isFinite(exact) && exact >= 0) return exact;
  const text = headers["retry-after"]?.trim();
  if (!text) return null;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : date - base;
}

/** `x-ratelimit-reset-tokens: 6m0s` (OpenAI; Azure: `60`) and `anthropic-ratelimit-tokens-reset: 2026-01-01T00:00:00Z`, each with a `remaining`. */
function fromResets(headers: Headers, base: number): number | null {
  const waits: number[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || !/ratelimit/.test(name) || !/reset/.test(name)) continue;
    const remaining = headers[name.replace("reset", "remaining")];
    if (remaining !== undefined && Number(remaining) > 0) continue;
    const wait = waitUntil(value.trim(), base);
    if (wait !== null && !Number.isNaN(wait)) waits.push(wait);
  }
  return waits.length > 0 ? Math.max(...waits) : null;
}

/** A date, a duration, or a bare number: seconds from now (Azure, IETF's draft), or since 1970 in seconds or milliseconds (gateways). */
function waitUntil(value: string, base: number): number | null {
  if (/^\d{4}-/.test(value)) return Date.parse(value) - base;
  if (!/^\d+(\.\d+)?$/.test(value)) return durationMs(value);
  const number = Number(value);
  if (number < 1e9) return number * 1_000;
  return (number < 1e11 ? number * 1_000 : number) - base;
}

/** `1s`, `6m0s`, `20ms`, `1h2m3.5s`. */
function durationMs(text: string): number | null {
  if (!/^(\d+(\.\d+)?(ms|[smhd]))+$/.test(text)) return null;
  let total = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g))
    total += Number(number) * (units[unit ?? ""] ?? 0);
  return total;
}
