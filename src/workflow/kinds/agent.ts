import { z } from "zod";
import { parseDuration } from "../../core/duration.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import type { Scope } from "../compiled.ts";
import { readPlace } from "../read-place.ts";
import { stepsRead } from "../reference.ts";
import { renderingOf } from "../rendering.ts";
import { authorSchema } from "../shape.ts";
import { agentTool, toolMistakes, toolSchemas, toolTemplates } from "./agent-tool.ts";
import { imagesKey } from "./images.ts";
import type { StepKindSpec, TemplatePlace } from "./kind.ts";
import { type LlmBody, llmKind, message, sampling } from "./llm.ts";
import { mcpServerMistakes, mcpServerTemplates, mcpTools } from "./mcp-server.ts";

const limits = {
  max_turns: z.number().int().min(1).max(200).optional().describe("Answers of the model in all. Default: 10."),
  max_calls: z.number().int().min(1).optional().describe("Calls of providers in all. The same as route.max_calls."),
  max_usd: z.number().min(0).optional().describe("USD of these calls in all. The same as route.max_usd."),
  tool_timeout: z.string().min(1).optional().describe("Time of one tool call, such as 30s. Default: 60s."),
  max_result: z
    .number()
    .int()
    .min(100)
    .max(1_000_000)
    .optional()
    .describe("Characters of a tool's result that the model is told. Default: 50000."),
};

const schema = z
  .strictObject({
    prompt: z.string().min(1).optional().describe("The task; a Liquid template. This, or messages."),
    messages: z.array(message).min(1).optional().describe("A conversation. This, or prompt."),
    images: imagesKey,
    output: authorSchema
      .optional()
      .describe("JSON Schema of the last answer: the step's output is then a checked object, not text."),
    tools: z.array(agentTool).min(1).max(128).optional().describe("What the model may call."),
    mcp: z.array(mcpTools).min(1).max(20).optional().describe("MCP servers whose tools it may call."),
    transcript: z.boolean().optional().describe("True: the output is the answer and the list of turns."),
    ...limits,
    ...sampling,
  })
  .describe("A model with tools, until it is done.")
  .meta({ oneOf: [{ required: ["prompt"] }, { required: ["messages"] }] });

/** What an author writes under `agent`. */
export type AgentBody = z.infer<typeof schema>;

/** What the handler gets: the body rendered as far as can be, and what the rest needs. */
export interface AgentWork {
  readonly body: AgentBody;
  /** Templates that read the arguments of a call. Paths begin below the body: `["tools", 0, "http", "url"]`. */
  readonly late: readonly LateTemplate[];
  /** What they read besides. */
  readonly data: Pick<Scope, "input" | "steps">;
}

/** A template that is rendered once there are arguments. */
export type LateTemplate = Pick<TemplatePlace, "path" | "text" | "result">;

/** A model with tools, until it is done. Its output is its last answer; with `transcript` an object of that and its turns. */
export const agentKind: StepKindSpec<AgentBody & JsonObject> = {
  name: "agent",
  queue: "llm",
  schema: schema as unknown as z.ZodType<AgentBody & JsonObject>,
  defaults: z.strictObject({ ...limits, ...sampling }),

  *check(body) {
    const { tools: _, ...question } = body;
    yield* llmKind.check?.(question as unknown as LlmBody) ?? [];
    if (!body.tools && !body.mcp) yield { path: [], message: "needs tools, or mcp. Without them it is an llm step." };
    if (body.tool_timeout !== undefined && parseDuration(body.tool_timeout) === undefined)
      yield { path: ["tool_timeout"], message: "must be a duration: a number and ms, s, m, h or d, such as 30s." };
    const names: string[] = [];
    for (const [index, tool] of (body.tools ?? []).entries()) {
      if (names.includes(tool.name))
        yield { path: ["tools", index, "name"], message: `there is another tool ${tool.name}.` };
      names.push(tool.name);
      for (const { path, message: text } of toolMistakes(tool))
        yield { path: ["tools", index, ...path], message: text };
    }
    for (const [index, { server }] of (body.mcp ?? []).entries()) {
      for (const { path, message: text } of mcpServerMistakes(server))
        yield { path: ["mcp", index, "server", ...path], message: text };
    }
  },

  *templates(body) {
    yield* llmKind.templates(body as unknown as LlmBody);
    for (const [index, tool] of (body.tools ?? []).entries()) {
      for (const place of toolTemplates(tool)) yield { ...place, path: ["tools", index, ...place.path] };
    }
    for (const [index, { server }] of (body.mcp ?? []).entries()) {
      for (const place of mcpServerTemplates(server)) yield { ...place, path: ["mcp", index, "server", ...place.path] };
    }
  },

  *schemas(body) {
    if (body.output !== undefined) yield { path: ["output"], schema: body.output };
    for (const [index, tool] of (body.tools ?? []).entries()) {
      for (const { path, schema: found } of toolSchemas(tool)) yield { path: ["tools", index, ...path], schema: found };
    }
  },

  outputSchema(body) {
    const answer: JsonObject = body.output ?? { type: "string" };
    return body.transcript ? { type: "object", properties: { answer, turns: turnsSchema } } : answer;
  },

  rendering(body, { id }) {
    const places = [...agentKind.templates(body)];
    const isLate = (place: TemplatePlace) => readPlace(place).references.some(({ segments }) => segments[0] === "args");
    const parts = { owner: `Step "${id}"`, value: body, at: ["agent"] } as const;
    const late = places.filter(isLate);
    const early = renderingOf({ ...parts, places: places.filter((place) => !isLate(place)) });
    const lateReads = renderingOf({ ...parts, places: late }).reads;
    return {
      reads: [...new Set([...early.reads, ...lateReads])],
      render(scope) {
        const work: AgentWork = {
          body: early.render(scope) as unknown as AgentBody,
          late: late.map(({ path, text, result }) => ({ path, text, ...(result === undefined ? {} : { result }) })),
          data: { input: late.length === 0 ? {} : scope.input, steps: stepsRead(lateReads, scope.steps) },
        };
        return work as unknown as Json;
      },
    };
  },

  literal(body) {
    const isLate = ({ path }: TemplatePlace) => path[0] === "tools";
    // A machine's body is data by now, of the run as well: a text in it must not reach the worker's variables.
    const reads = (place: TemplatePlace, roots: readonly string[]) =>
      readPlace(place).references.some(({ segments }) => roots.includes(String(segments[0])));
    const late = [...agentKind.templates(body)].filter(
      (place) => isLate(place) && reads(place, ["args"]) && !reads(place, ["env", "secrets"]),
    );
    const work: AgentWork = {
      body,
      late: late.map(({ path, text, result }) => ({ path, text, ...(result === undefined ? {} : { result }) })),
      data: { input: {}, steps: {} },
    };
    return work as unknown as Json;
  },

  hints: ({ model, max_calls, max_usd }) => ({
    ...(model === undefined ? {} : { model }),
    ...(max_calls === undefined ? {} : { max_calls }),
    ...(max_usd === undefined ? {} : { max_usd }),
  }),
};

const turnsSchema: JsonObject = {
  type: "array",
  items: {
    type: "object",
    properties: {
      text: { type: "string" },
      provider: { type: "string" },
      model: { type: "string" },
      tools: {
        type: "array",
        items: {
          type: "object",
          properties: {
            tool: { type: "string" },
            arguments: {},
            ok: { type: "boolean" },
            result: { type: "string" },
            duration_ms: { type: "number" },
          },
        },
      },
    },
  },
};
