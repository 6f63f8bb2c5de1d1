import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import type { AgentWork, LateTemplate } from "../../workflow/kinds/agent.ts";
import type { AgentToolBody } from "../../workflow/kinds/agent-tool.ts";
import type { HttpBody } from "../../workflow/kinds/http.ts";
import { renderingOf } from "../../workflow/rendering.ts";
import type { StepHandler, StepWork } from "../handler.ts";
import { type AgentTool, outcomeOf, type ToolCall, type ToolOutcome } from "./tool.ts";

/** What makes a tool of a tool's body. */
export interface ToolMaking {
  readonly tool: AgentToolBody;
  /** Its templates that read the arguments, below the tool. */
  readonly late: readonly LateTemplate[];
  readonly data: AgentWork["data"];
  readonly work: StepWork;
  /** What every tool has. */
  readonly common: Pick<AgentTool, "definition" | "timeoutMs" | "isRepeatable">;
}

/** A tool that is one request, made as an http step makes it: same addresses, same key, same secrets. The model is told the answer's body. */
export function httpTool(making: ToolMaking, handler: StepHandler): AgentTool {
  return {
    ...making.common,
    async call(args, call) {
      const body = httpBody(making, args, handler.env);
      const outcome = await handler.execute(workOf(making.work, body, call));
      return outcomeOf(outcome, true, (output) => (isJsonObject(output) ? (output.body ?? null) : output));
    },
  };
}

/** A tool that is a function of the worker's modules. Without an `input` of its own it is given the arguments. */
export function functionTool(making: ToolMaking, handler: StepHandler): AgentTool {
  return {
    ...making.common,
    async call(args, call): Promise<ToolOutcome> {
      const { function: body } = rendered(making, args, handler.env);
      const outcome = await handler.execute(workOf(making.work, { input: args, ...body } as Json, call));
      return outcomeOf(outcome, false, (output) => output);
    },
  };
}

/** A tool's body with the templates rendered that read the arguments. @throws AppError template_failed, variable_unavailable */
export function rendered({ tool, late, data }: ToolMaking, args: JsonObject, env?: StepHandler["env"]): AgentToolBody {
  const value = tool as unknown as Json;
  const rendering = renderingOf({ owner: `Tool ${tool.name}`, value, places: late, at: [] });
  return rendering.render({ ...data, env, args }) as unknown as AgentToolBody;
}

/** In the address arguments stand percent-encoded, so that they stay where they were put. */
function httpBody(making: ToolMaking, args: JsonObject, env: StepHandler["env"]): HttpBody {
  const { http: body } = rendered(making, args, env);
  const { http: address } = rendered(making, encoded(args) as JsonObject, env);
  const request = { ...body, url: address?.url ?? "" } as HttpBody;
  if (making.late.some(({ path }) => path[1] === "url")) refuseDots(request.url);
  if (making.late.length > 0 || request.body !== undefined || request.query !== undefined) return request;
  const { method = "GET" } = request;
  const isQuery = method === "GET" || method === "HEAD" || method === "DELETE" || method === "OPTIONS";
  return (isQuery ? { ...request, query: args } : { ...request, body: args }) as HttpBody;
}

/** An address swallows `..`, however it is encoded, and the folder before it. */
function refuseDots(url: string): void {
  const path = url.replace(/^\w+:\/\/[^/?#]*/, "").replace(/[?#].*$/s, "");
  const isDots = path.split("/").some((part) => /^(\.|%2e){1,2}$/i.test(part));
  if (isDots) throw new Error("An argument would lead to another path of the server; it must not be . or ...");
}

function encoded(value: Json | undefined): Json {
  if (typeof value === "string") return encodeURIComponent(value);
  if (Array.isArray(value)) return value.map((item) => encoded(item));
  if (!isJsonObject(value)) return value ?? null;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, encoded(member)]));
}

function workOf(work: StepWork, body: Json, { key, signal }: ToolCall): StepWork {
  return { ...work, body, idempotencyKey: key, signal, memo: null };
}
