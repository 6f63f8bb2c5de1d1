import type { CallRecord, Decision, Hints, Served } from "../core/call.ts";
import { AppError, toErrorRecord } from "../core/errors.ts";
import { addCosts } from "../core/history.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { LlmMessage, LlmRequest } from "../providers/provider.ts";
import { defaultMaxCalls, type RouteOutcome, type Router } from "../router/router.ts";
import type { OfferingBody } from "../workflow/kinds/offered-tools.ts";
import { askedTools, offering } from "./asked-tools.ts";
import { askingStep } from "./asking-step.ts";
import { type ConversationBody, conversationOf } from "./conversation.ts";
import type { StepHandler, StepOutcome, StepWork } from "./handler.ts";
import { readStructured } from "./structured.ts";
import { unanswered } from "./unanswered.ts";

/** The body of an `llm` step with its templates rendered. */
interface LlmBody extends ConversationBody, OfferingBody {
  readonly system?: string;
  readonly output?: JsonObject;
  readonly max_tokens?: number;
  readonly temperature?: number;
  readonly top_p?: number;
  readonly stop?: readonly string[];
  readonly seed?: number;
}

/** Times that a model is shown what is wrong with its answer and asked again, within one attempt. */
export const maxReasks = 2;

/** Executes `llm` steps: one routed request, and for structured output as many further ones as the attempt's budget of calls allows. */
export function llmHandler(router: Router): StepHandler {
  return {
    kind: "llm",
    async execute(work) {
      try {
        return await new LlmAttempt(router, work).execute();
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== "image_invalid") throw error;
        return { type: "failed", error: toErrorRecord(error), retryable: false, report: { calls: [] } };
      }
    },
  };
}

/** One attempt: what it has asked, called and spent so far. */
class LlmAttempt {
  readonly #router: Router;
  readonly #work: StepWork;
  readonly #body: LlmBody;
  readonly #calls: CallRecord[] = [];
  #decision: Decision | undefined;

  constructor(router: Router, work: StepWork) {
    this.#router = router;
    this.#work = work;
    this.#body = work.body as unknown as LlmBody;
  }

  async execute(): Promise<StepOutcome> {
    const schema = this.#body.output;
    let messages = conversationOf(this.#body);
    for (let reasked = 0; ; ) {
      const outcome = await this.#ask(messages);
      if (outcome.type !== "answered") return unanswered(outcome, this.#report);
      const { answer, served } = outcome;
      if (this.#body.tools) {
        const asked = askedTools(answer.toolCalls, this.#body);
        if (asked.ok) return this.#succeeded({ text: answer.text, tools: asked.tools }, served);
        if (reasked++ >= maxReasks || this.#isSpent()) return this.#invalid(asked.problems);
        this.#restarted(served);
        const { text: content, toolCalls, reasoning } = answer;
        messages = [...messages, { role: "assistant", content, toolCalls, reasoning }, ...asked.answers];
        continue;
      }
      if (!schema) return this.#succeeded(answer.text, served);
      const read =
        answer.finishReason === "length"
          ? {
              ok: false as const,
              problems: [`The answer was cut off at max_tokens (${this.#body.max_tokens ?? "the model's own limit"}).`],
            }
          : readStructured(answer.text, schema);
      if (read.ok) return this.#succeeded(read.value, served);
      if (reasked++ >= maxReasks || this.#isSpent()) return this.#invalid(read.problems);
      this.#restarted(served);
      messages = [
        ...messages,
        { role: "assistant", content: answer.text || "(empty)" },
        { role: "user", content: reask(read.problems) },
      ];
    }
  }

  #restarted({ provider }: Served): void {
    this.#work.tell({ type: "restarted", call: this.#calls.length, provider, reason: "output_invalid" });
  }

  async #ask(messages: readonly LlmMessage[]): Promise<RouteOutcome> {
    const { idempotencyKey } = this.#work;
    const outcome = await this.#router.call(this.#request(messages), {
      ...askingStep(this.#work, this.#calls.length),
      hints: this.#hints(),
      idempotencyKey: this.#calls.length === 0 ? idempotencyKey : `${idempotencyKey}-${this.#calls.length}`,
    });
    this.#calls.push(...outcome.calls);
    this.#decision = outcome.decision ?? this.#decision;
    return outcome;
  }

  #callsLeft(): number {
    return (this.#work.hints.max_calls ?? defaultMaxCalls) - this.#calls.length;
  }

  #usdLeft(): number {
    const spent = addCosts(...this.#calls.map((call) => call.costUsd)) ?? 0;
    return (this.#work.hints.max_usd ?? Number.POSITIVE_INFINITY) - spent;
  }

  /** The router counts within one request; what former requests of the attempt have used up is known here. */
  #isSpent(): boolean {
    return this.#callsLeft() < 1 || this.#usdLeft() < 0;
  }

  #hints(): Hints {
    const { max_usd, ...hints } = this.#work.hints;
    return {
      ...hints,
      max_calls: this.#callsLeft(),
      ...(max_usd === undefined ? {} : { max_usd: this.#usdLeft() }),
    };
  }

  #request(messages: readonly LlmMessage[]): LlmRequest {
    const { system, output, max_tokens, temperature, top_p, stop, seed } = this.#body;
    return {
      ...offering(this.#body),
      system,
      messages,
      outputSchema: output,
      maxTokens: max_tokens,
      temperature,
      topP: top_p,
      stop,
      seed,
    };
  }

  get #report(): StepOutcome["report"] {
    return { calls: this.#calls, decision: this.#decision };
  }

  #succeeded(output: Json, served: Served): StepOutcome {
    return { type: "succeeded", output, served, report: this.#report };
  }

  #invalid(problems: readonly string[]): StepOutcome {
    const what = this.#body.tools
      ? "The model asks for what cannot be"
      : "The model's answer does not match the step's output schema";
    const message = `${what}: ${problems.join(" ")}`;
    const error = toErrorRecord(new AppError("output_invalid", { message, details: { problems } }));
    return { type: "failed", error, retryable: true, report: this.#report };
  }
}

/** What a model is told whose answer does not match its schema. @param problems one sentence each */
export function reask(problems: readonly string[]): string {
  return `Your answer does not match the JSON Schema that was asked for:\n${problems.map((p) => `- ${p}`).join("\n")}\nAnswer again with the corrected JSON only.`;
}
