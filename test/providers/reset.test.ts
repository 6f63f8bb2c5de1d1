import { describe, expect, test } from "vitest";
import { retryAfterMs } from "../../src/providers/reset.ts";

const now = Date.parse("2026-01-01T00:00:00Z");

describe("retryAfterMs", () => {
  test.each([
    ["nothing", {}, null],
    ["seconds", { "retry-after": "12" }, 12_000],
    ["parts of seconds", { "retry-after": "0.5" }, 500],
    ["a date by our clock", { "retry-after": "Thu, 01 Jan 2026 00:00:30 GMT" }, 30_000],
    ["a date that has passed", { "retry-after": "Thu, 01 Jan 2015 00:00:30 GMT" }, 0],
    ["nonsense", { "retry-after": "soon" }, null],
    ["more than a day", { "retry-after": "999999999" }, 86_400_000],
    ["OpenAI's used-up limit", { "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0s" }, 360_000],
    [
      "OpenAI's limit with room left",
      { "x-ratelimit-remaining-requests": "59", "x-ratelimit-reset-requests": "1s" },
      null,
    ],
    [
      "the longest of used-up limits",
      { "x-ratelimit-reset-requests": "20ms", "x-ratelimit-reset-tokens": "1m1.5s" },
      61_500,
    ],
    [
      "Azure's reset, in seconds",
      { "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "17" },
      17_000,
    ],
    ["the reset of IETF's draft", { "ratelimit-remaining": "0", "ratelimit-reset": "5" }, 5_000],
    ["a gateway's, in seconds since 1970", { "x-ratelimit-reset": "1767225609" }, 9_000],
    ["a gateway's, in milliseconds since 1970", { "x-ratelimit-reset": "1767225602500" }, 2_500],
    ["a reset that says nothing", { "x-ratelimit-reset-requests": "later" }, null],
    [
      "Anthropic's reset",
      {
        "anthropic-ratelimit-requests-remaining": "0",
        "anthropic-ratelimit-requests-reset": "2026-01-01T00:00:04Z",
        "anthropic-ratelimit-tokens-remaining": "8000",
        "anthropic-ratelimit-tokens-reset": "2026-01-01T00:01:00Z",
      },
      4_000,
    ],
  ])("reads %s", (_, headers, expected) => {
    expect(retryAfterMs(headers, now)).toBe(expected);
  });
});
