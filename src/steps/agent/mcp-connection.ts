import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import type { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { type Dispatcher, fetch as guardedFetch } from "undici";
import { AppError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { McpServer } from "../../workflow/kinds/mcp-server.ts";
import { checkCommand } from "./mcp-commands.ts";
import { failedAnswer, type ToolAnswer, type ToolCall } from "./tool.ts";

/** What connecting to MCP servers needs. */
export interface McpParts {
  /** Judges every address that is connected to. */
  readonly dispatcher: Dispatcher;
  /** Command lines that steps may start. */
  readonly commands: readonly string[];
}

/** A tool as its server describes it. */
export interface McpTool {
  readonly name: string;
  readonly description?: string;
  readonly inputSchema: JsonObject;
}

/** Pages of a list of tools that are read. */
const mostPages = 50;

/** Time that a server may take to begin, and to list its tools. */
const openingMs = 30_000;

const goodbyeMs = 1_000;

/** The longest that the package waits by itself; a call's own time is the signal's. */
const longestCallMs = 86_400_000;

/** One MCP server. It is connected to when it is needed, and again if it went away. */
export class McpConnection {
  readonly #server: McpServer;
  readonly #parts: McpParts;
  #client: Promise<Client> | undefined;

  constructor(server: McpServer, parts: McpParts) {
    this.#server = server;
    this.#parts = parts;
  }

  /** What people call it: the program, or the address without its query. */
  get name(): string {
    const { command, url } = this.#server;
    if (command !== undefined) return command;
    return url !== undefined && URL.canParse(url) ? `${new URL(url).origin}${new URL(url).pathname}` : "the address";
  }

  /** Its tools. @throws AppError mcp_refused, mcp_failed */
  async tools(signal: AbortSignal): Promise<readonly McpTool[]> {
    try {
      const client = await this.#connected(signal);
      const tools: McpTool[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < mostPages; page++) {
        const listed = await client.listTools(cursor === undefined ? {} : { cursor }, { signal, timeout: openingMs });
        tools.push(...listed.tools.map(described));
        cursor = listed.nextCursor;
        if (cursor === undefined) break;
      }
      return tools;
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** Calls a tool. The key goes along for servers that know to look for it: `_meta`, `switchyard/idempotency-key`. */
  async call(name: string, args: JsonObject, { key, signal }: ToolCall): Promise<ToolAnswer> {
    try {
      const client = await this.#connected(signal);
      const meta = { "switchyard/idempotency-key": key };
      const params = { name, arguments: args as Record<string, unknown>, _meta: meta };
      return answerOf(await client.callTool(params, undefined, { signal, timeout: longestCallMs }));
    } catch (error) {
      return failedAnswer(this.#failure(error).message);
    }
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    if (!client) return;
    const { transport } = client;
    // A server over HTTP is told, so that it need not keep the session; one that does not answer is not waited for.
    if (transport && "terminateSession" in transport) {
      const told = (transport as StreamableHTTPClientTransport).terminateSession().catch(() => undefined);
      await Promise.race([told, sleep(goodbyeMs, undefined, { ref: false })]);
    }
    await client.close().catch(() => undefined);
  }

  #connected(signal: AbortSignal): Promise<Client> {
    this.#client ??= this.#open(signal);
    return this.#client;
  }

  async #open(signal: AbortSignal): Promise<Client> {
    const forget = () => {
      this.#client = undefined;
    };
    try {
      const [{ Client }, transport] = await Promise.all([
        import("@modelcontextprotocol/sdk/client/index.js"),
        this.#transport(),
      ]);
      const client = new Client({ name: "switchyard", version: "1" });
      client.onclose = forget;
      await client.connect(transport, { signal, timeout: openingMs });
      return client;
    } catch (error) {
      forget();
      throw error;
    }
  }

  async #transport(): Promise<Transport> {
    const { command, args = [], env, url = "", headers = {} } = this.#server;
    if (command !== undefined) {
      checkCommand(this.#parts.commands, command, args);
      const { StdioClientTransport } = await import("@modelcontextprotocol/sdk/client/stdio.js");
      // The process sees PATH, HOME and the like, and what the definition gives it; nothing else of the worker's environment.
      return new StdioClientTransport({ command, args: [...args], ...(env ? { env } : {}), stderr: "ignore" });
    }
    if (!URL.canParse(url)) throw new AppError("mcp_failed", { message: "the address cannot be read." });
    const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/sdk/client/streamableHttp.js");
    const { dispatcher } = this.#parts;
    const fetch = (to: string | URL, init?: RequestInit) => {
      const options = { ...init, dispatcher } as Parameters<typeof guardedFetch>[1];
      return guardedFetch(to, options) as unknown as Promise<Response>;
    };
    return new StreamableHTTPClientTransport(new URL(url), { fetch, requestInit: { headers } });
  }

  #failure(error: unknown): AppError {
    const refused = refusal(error);
    if (refused) return refused;
    const { message } = error as Error;
    return new AppError("mcp_failed", { message: `MCP server ${this.name}: ${message.replace(/\.?$/, ".")}` });
  }
}

/** The refusal behind a failed fetch, if that is what it was. */
function refusal(error: unknown): AppError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof AppError && at.code !== "mcp_failed") return at;
  }
  return undefined;
}

type ListedTool = Awaited<ReturnType<Client["listTools"]>>["tools"][number];

function described({ name, description, title, inputSchema }: ListedTool): McpTool {
  const { $schema: _, ...schema } = inputSchema as Record<string, unknown>;
  const words = description ?? title;
  return { name, inputSchema: schema as JsonObject, ...(words === undefined ? {} : { description: words }) };
}

type CallResult = Awaited<ReturnType<Client["callTool"]>>;

/** Text as it is; of what a model cannot be shown as text, what it is. */
function answerOf({ content, structuredContent, isError }: CallResult): ToolAnswer {
  const parts = (Array.isArray(content) ? content : []) as readonly Readonly<Record<string, unknown>>[];
  const texts = parts.map((part) => {
    if (part.type === "text") return String(part.text);
    const resource = part.resource as { readonly text?: string; readonly uri?: string } | undefined;
    if (resource) return resource.text ?? `[${resource.uri}]`;
    return part.type === "resource_link"
      ? `[${String(part.uri)}]`
      : `[${String(part.type)} ${String(part.mimeType ?? "")}]`;
  });
  const text = texts.join("\n") || (structuredContent === undefined ? "(nothing)" : JSON.stringify(structuredContent));
  return { type: "answered", content: text, ...(isError ? { failed: true } : {}) };
}
