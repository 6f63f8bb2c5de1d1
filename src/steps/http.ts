import type { Dispatcher } from "undici";
import { AppError, type AppErrorOptions, type ErrorRecord, toErrorRecord } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import { createMask, type Mask } from "../core/mask.ts";
import { maskedJson } from "../core/masked-json.ts";
import { retryAfterMs } from "../providers/reset.ts";
import { type StepVariables, variableValues } from "../workflow/env.ts";
import type { HttpBody } from "../workflow/kinds/http.ts";
import type { StepHandler, StepOutcome, StepWork } from "./handler.ts";
import { excerpt, isSuccess, mayPass, outputOf, readBody } from "./http-answer.ts";
import { exchange, type HttpAnswer } from "./http-exchange.ts";
import { type HttpRequest, requestOf } from "./http-request.ts";
import { mismatches } from "./validator.ts";

/** What executing `http` steps needs. */
export interface HttpParts {
  /** Judges every address that is connected to; see {@link guardedAgent}. */
  readonly agent: Dispatcher;
  /** Environment variables that steps may read. Their values never leave an attempt but in its requests. */
  readonly env: StepVariables;
  /** Bytes of an answer's body. */
  readonly maxOutputBytes: number;
  readonly clock: () => number;
}

/** Redirects that are followed where the step says nothing. */
const defaultRedirects = 5;

/** Executes `http` steps: one request an attempt, redirects aside. */
export function httpHandler(parts: HttpParts): StepHandler {
  const mask = createMask(variableValues(parts.env));
  return {
    kind: "http",
    env: parts.env,
    execute: (work) => new HttpAttempt(parts, mask, work).execute(),
  };
}

class HttpAttempt {
  readonly #parts: HttpParts;
  readonly #mask: Mask;
  readonly #work: StepWork;
  readonly #body: HttpBody;

  constructor(parts: HttpParts, mask: Mask, work: StepWork) {
    this.#parts = parts;
    this.#mask = mask;
    this.#work = work;
    this.#body = work.body as HttpBody;
  }

  async execute(): Promise<StepOutcome> {
    const { signal, idempotencyKey } = this.#work;
    if (signal.aborted) return this.#failed(new AppError("cancelled"), true);
    let request: HttpRequest | undefined;
    try {
      request = requestOf(this.#body, idempotencyKey);
      const answer = await exchange(request, {
        agent: this.#parts.agent,
        signal,
        redirects: this.#body.redirects ?? defaultRedirects,
        maxBytes: this.#parts.maxOutputBytes,
        isSecret: (text) => this.#mask(text) !== text,
      });
      return isSuccess(answer.status, this.#body.success)
        ? this.#succeeded(request, answer)
        : this.#unsuccessful(request, answer);
    } catch (error) {
      return this.#broken(request, error);
    }
  }

  #succeeded(request: HttpRequest, answer: HttpAnswer): StepOutcome {
    const { response, response_headers } = this.#body;
    const value = readBody(answer, response !== undefined);
    const problems =
      value === undefined
        ? ["The answer is not JSON."]
        : response === undefined
          ? []
          : mismatches(value, response, "The answer's body");
    if (value !== undefined && problems.length === 0) {
      const output = maskedJson(outputOf(answer, value, response_headers), this.#mask);
      return { type: "succeeded", output, served: null, report: { calls: [] } };
    }
    const message = `${nameOf(request)} answered ${answer.status}, but not as it should: ${problems.join(" ")}`;
    return this.#failed(new AppError("output_invalid", { message, details: { problems } }), false);
  }

  #unsuccessful(request: HttpRequest, answer: HttpAnswer): StepOutcome {
    const { status, headers } = answer;
    const said = excerpt(answer);
    const message = `${nameOf(request)} answered ${status}${said === "" ? "" : `: ${said}`}`;
    const isPassing = mayPass(status, this.#body.retry_on);
    const delayMs =
      isPassing && headers["retry-after"] !== undefined ? retryAfterMs(headers, this.#parts.clock()) : null;
    if (delayMs === null || delayMs === 0)
      return this.#failed(new AppError("http_failed", { message, details: { status } }), isPassing);
    const error = this.#record(new AppError("http_failed", { message, details: { status, retryAfterMs: delayMs } }));
    return { type: "deferred", error, delayMs, reason: error.message, report: { calls: [] } };
  }

  /** What went wrong before an answer was there. */
  #broken(request: HttpRequest | undefined, error: unknown): StepOutcome {
    const name = request ? nameOf(request) : "http";
    if (this.#work.signal.aborted) return this.#failed(new AppError("cancelled"), true);
    if (error instanceof AppError) {
      const message = `${name}: ${error.message}`;
      return this.#failed(new AppError(error.code, { message, details: error.details }), false);
    }
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "UND_ERR_INVALID_ARG")
      return this.#failed(new AppError("http_invalid", { message: `${name}: ${message}.` }), false);
    const details: AppErrorOptions["details"] = code === undefined ? {} : { cause: code };
    return this.#failed(new AppError("http_failed", { message: `${name}: ${message || code}.`, details }), true);
  }

  #failed(error: AppError, retryable: boolean): StepOutcome {
    return { type: "failed", error: this.#record(error), retryable, report: { calls: [] } };
  }

  /** What is stored of an error: nothing of a variable's value. */
  #record(error: AppError): ErrorRecord {
    return maskedJson(toErrorRecord(error) as unknown as Json, this.#mask) as unknown as ErrorRecord;
  }
}

/** `POST https://api.example.com/orders`: without the query, which may hold keys. */
function nameOf({ method, url }: HttpRequest): string {
  return `${method} ${url.origin}${url.pathname}`;
}
