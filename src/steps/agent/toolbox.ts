import { parseDuration } from "../../core/duration.ts";
import { AppError } from "../../core/errors.ts";
import { canonicalJson, type JsonObject } from "../../core/json.ts";
import type { AgentWork } from "../../workflow/kinds/agent.ts";
import { type AgentToolBody, noArguments } from "../../workflow/kinds/agent-tool.ts";
import type { McpServer } from "../../workflow/kinds/mcp-server.ts";
import type { StepHandler, StepWork } from "../handler.ts";
import { functionTool, httpTool, type ToolMaking } from "./handler-tool.ts";
import { McpConnection, type McpParts, type McpTool } from "./mcp-connection.ts";
import type { AgentTool } from "./tool.ts";
import { workflowTool } from "./workflow-tool.ts";

/** What the tools of agents are made with. */
export interface ToolParts {
  /** Handlers of the step kinds that tools can be. */
  readonly http: StepHandler;
  readonly function: StepHandler;
  readonly mcp: McpParts;
}

const defaultTimeoutMs = 60_000;

/** The tools of one execution of an agent, and the connections that they need. */
export class Toolbox {
  readonly #tools = new Map<string, AgentTool>();
  readonly #connections = new Map<string, McpConnection>();
  readonly #parts: ToolParts;
  readonly #work: StepWork;
  readonly #agent: AgentWork;

  private constructor(parts: ToolParts, work: StepWork, agent: AgentWork) {
    this.#parts = parts;
    this.#work = work;
    this.#agent = agent;
  }

  /** Makes the tools; asks MCP servers for theirs. @throws AppError mcp_refused, mcp_failed; nothing is open then */
  static async open(parts: ToolParts, work: StepWork, agent: AgentWork): Promise<Toolbox> {
    const toolbox = new Toolbox(parts, work, agent);
    try {
      await toolbox.#fill();
      return toolbox;
    } catch (error) {
      await toolbox.close();
      throw error;
    }
  }

  /** By the names that the model uses. */
  get tools(): ReadonlyMap<string, AgentTool> {
    return this.#tools;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#connections.values()].map((connection) => connection.close()));
  }

  async #fill(): Promise<void> {
    const { tools = [], mcp = [], tool_timeout } = this.#agent.body;
    const fallbackMs = tool_timeout === undefined ? defaultTimeoutMs : durationMs(tool_timeout);
    const made = await Promise.all(tools.map((tool, index) => this.#made(tool, index, fallbackMs)));
    for (const tool of made) this.#add(tool);
    const served = await Promise.all(
      mcp.map(async ({ server, tools: names, prefix = "" }) => {
        const connection = this.#connection(server);
        const listed = chosen(await connection.tools(this.#work.signal), names, connection.name);
        return listed.map((tool) => {
          const common = { timeoutMs: fallbackMs, isRepeatable: true };
          return mcpTool(connection, tool, { ...common, name: `${prefix}${nameFor(tool.name)}` });
        });
      }),
    );
    for (const tool of served.flat()) this.#add(tool);
  }

  async #made(tool: AgentToolBody, index: number, fallbackMs: number): Promise<AgentTool> {
    const { name, description = "", input = noArguments, timeout, repeat = true, mcp } = tool;
    const ownMs = timeout === undefined ? undefined : durationMs(timeout);
    const timeoutMs = ownMs ?? fallbackMs;
    if (mcp) {
      const connection = this.#connection(mcp.server);
      const [found] = chosen(await connection.tools(this.#work.signal), [mcp.tool], connection.name);
      const words = tool.description === undefined ? {} : { description };
      const common = { name, timeoutMs, isRepeatable: repeat };
      return mcpTool(connection, { ...(found as McpTool), ...words }, common);
    }
    const late = this.#agent.late.flatMap(({ path, ...rest }) =>
      path[0] === "tools" && path[1] === index ? [{ path: path.slice(2), ...rest }] : [],
    );
    const common = { definition: { name, description, inputSchema: input }, timeoutMs, isRepeatable: repeat };
    const making: ToolMaking = { tool, late, data: this.#agent.data, work: this.#work, common };
    if (tool.http) return httpTool(making, this.#parts.http);
    if (tool.function) return functionTool(making, this.#parts.function);
    // A run has a time limit of its own.
    return workflowTool({ ...making, common: { ...common, timeoutMs: ownMs ?? null } });
  }

  /** One connection a server, however many of its tools are named. */
  #connection(server: McpServer): McpConnection {
    const key = canonicalJson(server as JsonObject);
    const connection = this.#connections.get(key) ?? new McpConnection(server, this.#parts.mcp);
    this.#connections.set(key, connection);
    return connection;
  }

  #add(tool: AgentTool): void {
    const { name } = tool.definition;
    if (this.#tools.has(name)) {
      const message = `Two tools bear the name ${name}. Give the MCP server's tools a prefix, or list those that are wanted under tools.`;
      throw new AppError("mcp_failed", { message });
    }
    this.#tools.set(name, tool);
  }
}

function durationMs(text: string): number {
  return parseDuration(text) ?? defaultTimeoutMs;
}

function chosen(listed: readonly McpTool[], names: readonly string[] | undefined, server: string): readonly McpTool[] {
  if (!names) return listed;
  return names.map((name) => {
    const found = listed.find((tool) => tool.name === name);
    if (found) return found;
    const known = listed.map((tool) => tool.name).join(", ") || "none";
    throw new AppError("mcp_failed", { message: `MCP server ${server} has no tool ${name}; it has ${known}.` });
  });
}

/** Vendors take letters, digits, _ and - in a tool's name. */
function nameFor(name: string): string {
  return name.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, 64);
}

function mcpTool(
  connection: McpConnection,
  { name: served, description, inputSchema }: McpTool,
  { name, ...common }: Pick<AgentTool, "timeoutMs" | "isRepeatable"> & { readonly name: string },
): AgentTool {
  return {
    ...common,
    definition: { name, inputSchema, ...(description === undefined ? {} : { description }) },
    call: (args, call) => connection.call(served, args, call),
  };
}
