import { describe, expect, test } from "vitest";
import type { FailureClass } from "../../src/core/call.ts";
import { classOf, readVendorError } from "../../src/providers/vendor-error.ts";

/** What vendors really send: status, body, AWS's header, and the class that it means. */
type Recorded = readonly [what: string, status: number, body: unknown, means: FailureClass, errorType?: string];

const recorded: readonly Recorded[] = [
  [
    "Google: a wrong key",
    400,
    {
      error: {
        code: 400,
        message: "API key not valid. Please pass a valid API key.",
        status: "INVALID_ARGUMENT",
        details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID" }],
      },
    },
    "auth",
  ],
  [
    "Google: not from this country",
    400,
    { error: { code: 400, message: "User location is not supported for the API use.", status: "FAILED_PRECONDITION" } },
    "auth",
  ],
  [
    "Google: a wrong argument",
    400,
    { error: { code: 400, message: "Invalid value at 'contents'", status: "INVALID_ARGUMENT" } },
    "caller",
  ],
  [
    "Google: a quota of tokens, which is no matter of length",
    429,
    {
      error: {
        code: 429,
        message: "Quota exceeded: input token count exceeds the limit",
        status: "RESOURCE_EXHAUSTED",
      },
    },
    "rate_limited",
  ],
  [
    "Azure: its content filter",
    400,
    {
      error: {
        code: "content_filter",
        message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        innererror: { code: "ResponsibleAIPolicyViolation" },
      },
    },
    "content_filtered",
  ],
  [
    "Azure: no such deployment",
    404,
    { error: { code: "DeploymentNotFound", message: "The API deployment for this resource does not exist." } },
    "not_found",
  ],
  ["OpenAI: no such model under 400", 400, { error: { code: "model_not_found", message: "no" } }, "not_found"],
  ["OpenAI: an account without credit", 429, { error: { code: "insufficient_quota", message: "no" } }, "auth"],
  ["Bedrock: throttled", 429, { message: "Too many requests" }, "rate_limited", "ThrottlingException:http://internal/"],
  [
    "Bedrock: signed by nobody",
    403,
    { message: "The security token is invalid." },
    "auth",
    "UnrecognizedClientException",
  ],
  ["Bedrock: an old token under 400", 400, { message: "expired" }, "auth", "ExpiredTokenException"],
  [
    "Bedrock: a model that was not granted",
    403,
    { message: "You don't have access to the model with the specified model ID." },
    "not_found",
    "AccessDeniedException",
  ],
  [
    "Bedrock: an unknown model",
    400,
    { message: "The provided model identifier is invalid." },
    "not_found",
    "ValidationException",
  ],
  [
    "Bedrock: a model that wants an inference profile",
    400,
    { message: "Invocation of model ID x with on-demand throughput isn’t supported." },
    "not_found",
    "ValidationException",
  ],
  ["Bedrock: a used-up quota", 400, { message: "quota" }, "rate_limited", "ServiceQuotaExceededException"],
  ["Bedrock: the model failed", 424, { message: "unexpected error" }, "server", "ModelErrorException"],
  ["Bedrock: the model took too long", 408, { message: "timed out" }, "timeout", "ModelTimeoutException"],
  ["Bedrock: a body that names its type", 400, { __type: "ExpiredTokenException", message: "expired" }, "auth"],
  ["a proxy's page", 502, "<html>", "server"],
];

describe("an error answer", () => {
  for (const [what, status, body, means, errorType] of recorded) {
    test(`${what} is ${means}`, () => {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      expect(classOf(status, readVendorError(text, errorType))).toBe(means);
    });
  }

  test("of Google says in its body how long to wait", () => {
    const details = [
      { "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations: [] },
      { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "37.5s" },
    ];
    expect(readVendorError(JSON.stringify({ error: { code: 429, message: "no", details } })).retryAfterMs).toBe(37_500);
    expect(readVendorError(JSON.stringify({ error: { code: 429, message: "no" } })).retryAfterMs).toBeNull();
  });
});
