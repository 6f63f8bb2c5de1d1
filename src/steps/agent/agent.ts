import type { Decision, Served } from "../../core/call.ts";
import { AppError, type AppErrorOptions, toErrorRecord } from "../../core/errors.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import { createMask, type Mask } from "../../core/mask.ts";
import { maskedJson } from "../../core/masked-json.ts";
import type { LlmMessage, LlmRequest } from "../../providers/provider.ts";
import { defaultMaxCalls, type RouteOutcome, type Router } from "../../router/router.ts";
import { type StepVariables, variableValues } from "../../workflow/env.ts";
import type { AgentBody, AgentWork } from "../../workflow/kinds/agent.ts";
import { askingStep } from "../asking-step.ts";
import { type ConversationBody, conversationOf } from "../conversation.ts";
import type { StepHandler, StepOutcome, StepWork } from "../handler.ts";
import { maxReasks, reask } from "../llm.ts";
import { readStructured } from "../structured.ts";
import { unanswered } from "../unanswered.ts";
import { Journal, messagesOf, type Turn } from "./journal.ts";
import { type AgentLimits, hintsLeft, limitsOf, reached } from "./limits.ts";
import { begin, makeCalls } from "./tool-calls.ts";
import { Toolbox, type ToolParts } from "./toolbox.ts";
import { transcriptOf } from "./transcript.ts";

/** What executing `agent` steps needs. */
export interface AgentParts extends ToolParts {
  readonly router: Router;
  /** Environment variables that templates of tools may read. Their values never reach a model. */
  readonly env: StepVariables;
  readonly clock: () => number;
}

/** Characters of a tool's result that the model is told, where the step says nothing. */
const defaultMaxResult = 50_000;

/**
 * Executes `agent` steps: asks the model, makes the tool calls that it asks for, tells it the results, until it asks for none. Each answer and
 * each result is kept before anything rests on it, so an execution that follows (after a crash, a wait, a retry) goes on where this one was:
 * an answer that was kept is not asked for again, a call that has a result is never made again, and one that was begun and has none is made
 * again under the same idempotency key.
 */
export function agentHandler(parts: AgentParts): StepHandler {
  const mask = createMask(variableValues(parts.env));
  return {
    kind: "agent",
    env: parts.env,
    async execute(work) {
      if (work.signal.aborted) return failed(new AppError("cancelled"), { calls: [] });
      const journal = await Journal.open(work);
      const execution = new AgentExecution(parts, mask, work, journal);
      try {
        return await execution.run();
      } catch (error) {
        if (work.signal.aborted) return failed(new AppError("cancelled"), execution.report);
        if (!(error instanceof AppError)) throw error;
        const known = { message: mask(error.message), details: maskedJson(error.details, mask) as JsonObject };
        return failed(new AppError(error.code, known as AppErrorOptions), execution.report);
      }
    },
  };
}

function failed(error: AppError, report: StepOutcome["report"]): StepOutcome {
  const record = toErrorRecord(error);
  return { type: "failed", error: record, retryable: error.status >= 500 || error.code === "cancelled", report };
}

class AgentExecution {
  readonly #parts: AgentParts;
  readonly #mask: Mask;
  readonly #work: StepWork;
  readonly #agent: AgentWork;
  readonly #body: AgentBody;
  readonly #journal: Journal;
  readonly #limits: AgentLimits;
  /** A turn whose calls this execution has begun as it kept it. */
  #heard: Turn | undefined;
  #reasked = 0;
  #decision: Decision | undefined;

  constructor(parts: AgentParts, mask: Mask, work: StepWork, journal: Journal) {
    this.#parts = parts;
    this.#mask = mask;
    this.#work = work;
    this.#agent = work.body as unknown as AgentWork;
    this.#body = this.#agent.body;
    this.#journal = journal;
    this.#limits = limitsOf(this.#body, work.hints);
  }

  get report(): StepOutcome["report"] {
    return { calls: [...this.#journal.calls], decision: this.#decision };
  }

  async run(): Promise<StepOutcome> {
    const toolbox = await Toolbox.open(this.#parts, this.#work, this.#agent);
    try {
      return await this.#converse(toolbox);
    } finally {
      const closed = toolbox.close();
      // Who must end now does not wait for others to end.
      if (!this.#work.signal.aborted) await closed;
    }
  }

  async #converse(toolbox: Toolbox): Promise<StepOutcome> {
    for (;;) {
      const { last } = this.#journal;
      const why = last === undefined ? "" : this.#whyAsk(last);
      const end = last && (last.calls.length > 0 ? await this.#act(last, toolbox) : this.#conclude(last));
      if (end) return end;
      if (this.#work.signal.aborted) return failed(new AppError("cancelled"), this.report);
      const limit = reached(this.#limits, this.#journal.use, why);
      if (limit) return failed(limit, this.report);
      const unheard = await this.#ask(toolbox);
      if (unheard) return unheard;
    }
  }

  #whyAsk({ calls }: Turn): string {
    const names = [...new Set(calls.map(({ asked }) => asked.name))].join(", ");
    return calls.length > 0 ? `still asks for ${names}` : "its answer does not match the output schema";
  }

  /** Makes the calls of a turn. @returns the outcome if something must pass first */
  async #act(turn: Turn, { tools }: Toolbox): Promise<StepOutcome | undefined> {
    const journal = this.#journal;
    const isDone = turn.calls.every(({ result }) => result);
    if (isDone || journal.turns.length >= this.#limits.turns) return undefined;
    const { clock } = this.#parts;
    const maxResult = this.#body.max_result ?? defaultMaxResult;
    const parts = { journal, tools, work: this.#work, maxResult, mask: this.#mask, clock };
    const end = await makeCalls(parts, turn, this.#heard === turn);
    if (end.type === "done") return undefined;
    if (end.type === "later") {
      const { delayMs, error } = end;
      return { type: "deferred", error, delayMs, reason: error.message, report: this.report };
    }
    const reason = `for ${end.runs.length === 1 ? "run" : "runs"} ${end.runs.join(", ")}`;
    return { type: "parked", until: end.until, memo: journal.memo, signal: null, reason, report: this.report };
  }

  /** @returns undefined: the answer must be corrected */
  #conclude(turn: Turn): StepOutcome | undefined {
    const { output: schema } = this.#body;
    if (!schema) return this.#succeeded(turn.text, turn.served);
    const read = readAnswer(turn, schema);
    if (read.ok) return this.#succeeded(read.value, turn.served);
    if (this.#reasked < maxReasks) {
      this.#reasked += 1;
      return undefined;
    }
    const message = `The agent's answer does not match the step's output schema: ${read.problems.join(" ")}`;
    const error = toErrorRecord(new AppError("output_invalid", { message, details: { problems: read.problems } }));
    return { type: "failed", error, retryable: true, report: this.report };
  }

  #succeeded(answer: Json, served: Served): StepOutcome {
    const output = this.#body.transcript ? { answer, turns: transcriptOf(this.#journal.turns) } : answer;
    return { type: "succeeded", output, served, report: this.report };
  }

  /** Asks the model and keeps its answer, its calls begun. @returns the outcome if there is no answer */
  async #ask({ tools }: Toolbox): Promise<StepOutcome | undefined> {
    const journal = this.#journal;
    const outcome = await this.#route([...tools.values()].map(({ definition }) => definition));
    this.#decision = outcome.decision ?? this.#decision;
    journal.addCalls(outcome.calls);
    if (outcome.type !== "answered") {
      if (outcome.calls.length > 0) await journal.keep();
      const why = `its last request failed: ${outcome.error.message}`;
      const limit = outcome.type === "failed" && reached(this.#limits, journal.use, why);
      return limit ? failed(limit, this.report) : unanswered(outcome, this.report);
    }
    const turn = journal.addTurn(outcome.answer, outcome.served);
    if (journal.turns.length < this.#limits.turns) begin(turn, this.#parts.clock);
    await journal.keep();
    this.#heard = turn;
    return undefined;
  }

  #route(tools: LlmRequest["tools"]): Promise<RouteOutcome> {
    const { idempotencyKey, hints } = this.#work;
    const journal = this.#journal;
    return this.#parts.router.call(this.#request(tools), {
      ...askingStep(this.#work, journal.calls.length),
      hints: hintsLeft(hints, this.#limits, journal.use, defaultMaxCalls),
      idempotencyKey: `${idempotencyKey}-t${journal.turns.length + 1}`,
    });
  }

  #request(tools: LlmRequest["tools"]): LlmRequest {
    const { system, output, max_tokens, temperature, top_p, stop, seed } = this.#body;
    const first = conversationOf(this.#body as ConversationBody);
    return {
      system: output ? withSchema(system, output) : system,
      messages: [...first, ...this.#journal.turns.flatMap((turn) => this.#told(turn))],
      tools,
      maxTokens: max_tokens,
      temperature,
      topP: top_p,
      stop,
      seed,
    };
  }

  /** A turn as the model is told of it; one that was no good with what was wrong. */
  #told(turn: Turn): readonly LlmMessage[] {
    const { output } = this.#body;
    const said = messagesOf(turn);
    if (turn.calls.length > 0 || !output) return said;
    const read = readAnswer(turn, output);
    return read.ok ? said : [...said, { role: "user", content: reask(read.problems) }];
  }
}

function readAnswer({ text, isCutOff }: Turn, schema: JsonObject): ReturnType<typeof readStructured> {
  return isCutOff ? { ok: false, problems: ["The answer was cut off at max_tokens."] } : readStructured(text, schema);
}

/** Said in the prompt: some vendors take no schema beside tools. */
function withSchema(system: string | undefined, schema: JsonObject): string {
  const ask = `Use the tools as you need them. Once you need them no more, answer with one JSON value that matches this JSON Schema, and nothing else:\n${JSON.stringify(schema)}`;
  return system ? `${system}\n\n${ask}` : ask;
}
