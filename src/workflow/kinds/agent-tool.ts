import { z } from "zod";
import { parseDuration } from "../../core/duration.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import type { Path } from "../path.ts";
import { authorSchema } from "../shape.ts";
import { functionKind } from "./function.ts";
import { httpKind } from "./http.ts";
import type { SchemaPlace, StepKindSpec, TemplatePlace } from "./kind.ts";
import { mcpServer, mcpServerMistakes, mcpServerTemplates } from "./mcp-server.ts";
import { workflowKind } from "./workflow.ts";

/** The step kinds that a tool can be; what stands under such a key is a body of that kind. */
const kinds = { http: httpKind, workflow: workflowKind, function: functionKind } as const;

/** What a tool can be. */
export const toolWays = ["http", "workflow", "function", "mcp"] as const;

/** One tool of an agent, as its author writes it. */
export const agentTool = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/, {
        error: "must start with a letter and hold only letters, digits, _ and -, at most 64.",
      })
      .describe("Name by which the model calls it."),
    description: z.string().min(1).optional().describe("What the model knows of it: what it does, when to use it."),
    input: authorSchema.optional().describe("JSON Schema of its arguments, an object. Default: it has none."),
    http: httpKind.schema.optional(),
    workflow: workflowKind.schema.optional(),
    function: functionKind.schema.optional(),
    mcp: z
      .strictObject({
        server: mcpServer,
        tool: z.string().min(1).describe("Its name at the server."),
      })
      .optional()
      .describe("One tool of an MCP server."),
    timeout: z
      .string()
      .min(1)
      .optional()
      .describe("Time of one call. Default: the agent's tool_timeout; of a workflow, none."),
    repeat: z
      .boolean()
      .optional()
      .describe(
        "False: a call whose worker died while it was made is not made again; the model is told so. Default: true.",
      ),
  })
  .describe("A tool: one of http, workflow, function, mcp.");

/** One tool. Exactly one of {@link toolWays} is set. */
export type AgentToolBody = z.infer<typeof agentTool>;

/** What the arguments of a tool may be where its author says nothing: none. */
export const noArguments: JsonObject = { type: "object", properties: {}, additionalProperties: false };

interface Mistake {
  readonly path: Path;
  readonly message: string;
}

/** What is wrong with a tool that its schema cannot say. Paths begin below the tool. */
export function* toolMistakes(tool: AgentToolBody): Iterable<Mistake> {
  const [first, ...more] = toolWays.filter((way) => tool[way] !== undefined);
  if (!first) yield { path: [], message: `needs what it is, one of ${toolWays.join(", ")}.` };
  for (const way of more) yield { path: [way], message: `stands beside ${first}; a tool is one of the two.` };
  if (tool.description === undefined && !tool.mcp)
    yield { path: [], message: "needs a description: the model knows nothing else of it." };
  if (tool.input && tool.input.type !== "object")
    yield { path: ["input"], message: "must be the schema of an object (type: object): arguments have names." };
  if (tool.mcp && tool.input) yield { path: ["input"], message: "is the server's to say." };
  if (tool.timeout !== undefined && parseDuration(tool.timeout) === undefined)
    yield { path: ["timeout"], message: "must be a duration: a number and ms, s, m, h or d, such as 30s." };
  for (const { at, kind, body } of ways(tool)) {
    for (const { path, message } of kind.check?.(body) ?? []) yield { path: [at, ...path], message };
  }
  if (tool.http && !namesItsServer(tool.http.url))
    yield {
      path: ["http", "url"],
      message: "reads args before the server's name ends; a model must not choose the server.",
    };
  if (tool.mcp)
    for (const { path, message } of mcpServerMistakes(tool.mcp.server))
      yield { path: ["mcp", "server", ...path], message };
}

/** Every template of a tool. They may read environment variables, and `args`: the arguments of a call. */
export function* toolTemplates(tool: AgentToolBody): Iterable<TemplatePlace> {
  const args = tool.input ?? noArguments;
  for (const { at, kind, body } of ways(tool)) {
    for (const place of kind.templates(body)) {
      yield { ...place, path: [at, ...place.path], args, ...(kind.readsEnv ? { readsEnv: true } : {}) };
    }
  }
  if (tool.mcp)
    for (const place of mcpServerTemplates(tool.mcp.server)) yield { ...place, path: ["mcp", "server", ...place.path] };
}

/** Every schema of a tool. */
export function* toolSchemas(tool: AgentToolBody): Iterable<SchemaPlace> {
  if (tool.input) yield { path: ["input"], schema: tool.input };
  for (const { at, kind, body } of ways(tool)) {
    for (const { path, schema } of kind.schemas?.(body) ?? []) yield { path: [at, ...path], schema };
  }
}

interface Way {
  readonly at: keyof typeof kinds;
  readonly kind: StepKindSpec<Json>;
  readonly body: Json;
}

function ways(tool: AgentToolBody): readonly Way[] {
  return (Object.keys(kinds) as (keyof typeof kinds)[]).flatMap((at) => {
    const body = tool[at];
    return body === undefined ? [] : [{ at, kind: kinds[at] as unknown as StepKindSpec<Json>, body }];
  });
}

/** Whether the part of an address that a model's arguments cannot reach holds the whole name of the server. */
function namesItsServer(url: string): boolean {
  const [fixed = ""] = url.split(/\{[{%][^}]*\bargs\b/, 1);
  if (fixed === url) return true;
  const known = fixed.replace(/\{\{[^}]*\}\}/g, "x").replace(/^\s*(https?:\/\/)?/i, "");
  return /^[^/?#\s]+[/?#]/.test(known);
}
