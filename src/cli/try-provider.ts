import type { CallRecord } from "../core/call.ts";
import { failureAdvice } from "../core/failure-advice.ts";
import type { Provider } from "../providers/provider.ts";
import { makeCall } from "../router/make-call.ts";

/** What one small call to a provider showed. */
export interface Tried {
  readonly call: CallRecord;
  /** The answer, or empty. */
  readonly text: string;
  /** What to do about a failure; null where it answered. */
  readonly advice: string | null;
}

/** Asks a provider for one word. It is a real call and costs what that costs; nothing else hears of it. */
export async function tryProvider(provider: Provider, model: string, timeoutMs: number): Promise<Tried> {
  const result = await makeCall({
    target: { provider: provider.name, model },
    provider,
    key: provider.keys[0] ?? "default",
    // Thinking models need room before their first word.
    request: { messages: [{ role: "user", content: "Answer with the one word: ready" }], maxTokens: 256 },
    estimate: { inputTokens: 10, outputTokens: 256 },
    perThousand: undefined,
    signal: AbortSignal.timeout(timeoutMs),
    idempotencyKey: `try-${Date.now()}`,
    deadline: Date.now() + timeoutMs,
    clock: Date.now,
  });
  if (result.ok) return { call: result.record, text: result.answer.text, advice: null };
  return { call: result.record, text: "", advice: failureAdvice[result.failure.class] };
}
