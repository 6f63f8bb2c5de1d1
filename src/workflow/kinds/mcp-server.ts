import { z } from "zod";
import type { Path } from "../path.ts";
import type { TemplatePlace } from "./kind.ts";

const texts = z.record(z.string().min(1), z.string());

/** An MCP server, as its author writes it: a process that the worker starts, or an address. */
export const mcpServer = z
  .strictObject({
    command: z
      .string()
      .min(1)
      .optional()
      .describe("Program that the worker starts and speaks to by its standard input."),
    args: z.array(z.string()).optional().describe("Its arguments; Liquid templates."),
    env: texts.optional().describe("Environment variables that it gets besides PATH, HOME and the like."),
    url: z.string().min(1).optional().describe("Address of a server that speaks streamable HTTP; a Liquid template."),
    headers: texts.optional().describe("Headers of each request; Liquid templates."),
  })
  .describe("An MCP server: command (with args), or url.");

/** An MCP server. Exactly one of `command` and `url` is set. */
export type McpServer = z.infer<typeof mcpServer>;

/** Servers all of whose tools an agent gets. */
export const mcpTools = z
  .strictObject({
    server: mcpServer,
    tools: z.array(z.string().min(1)).min(1).optional().describe("Those that the model may call. Default: all."),
    prefix: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,31}$/, {
        error: "must start with a letter and hold only letters, digits, _ and -.",
      })
      .optional()
      .describe("Stands before their names."),
  })
  .describe("An MCP server whose tools the model may call.");

/** A server, which of its tools (default: all), and what stands before their names. */
export type McpTools = z.infer<typeof mcpTools>;

/** What is wrong with a server that its schema cannot say. */
export function* mcpServerMistakes(server: McpServer): Iterable<{ readonly path: Path; readonly message: string }> {
  const { command, url } = server;
  if (command === undefined && url === undefined) yield { path: [], message: "needs a command (and args), or a url." };
  if (command !== undefined && url !== undefined)
    yield { path: ["url"], message: "stands beside command; a server is one of the two." };
  if (command === undefined)
    for (const key of ["args", "env"] as const) {
      if (server[key] !== undefined) yield { path: [key], message: "belongs to command." };
    }
  if (url === undefined && server.headers !== undefined) yield { path: ["headers"], message: "belongs to url." };
  if (url !== undefined && !url.includes("{") && !/^https?:\/\//.test(url))
    yield { path: ["url"], message: "must begin with http:// or https://." };
}

/** Every template of a server. All may read environment variables. */
export function* mcpServerTemplates({ args = [], env = {}, url, headers = {} }: McpServer): Iterable<TemplatePlace> {
  const text = { result: "text", readsEnv: true } as const;
  for (const [index, arg] of args.entries()) yield { path: ["args", index], text: arg, ...text };
  for (const [name, value] of Object.entries(env)) yield { path: ["env", name], text: value, ...text };
  if (url !== undefined) yield { path: ["url"], text: url, ...text };
  for (const [name, value] of Object.entries(headers)) yield { path: ["headers", name], text: value, ...text };
}
