// A small MCP server as a process: over its standard input, or with `--http` over streamable HTTP (its address is the first line that it prints).
import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";
import { createServer } from "node:http";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";

// A line for each thing that happened, where the test asks for it.
const log = (line) => process.env.MCP_LOG && appendFileSync(process.env.MCP_LOG, `${line}\n`);

const text = (said) => ({ content: [{ type: "text", text: said }] });

const tools = {
  add: {
    description: "Adds two numbers",
    // Of a dialect that ours is not, with a keyword that nobody knows.
    inputSchema: {
      $schema: "http://json-schema.org/draft-07/schema#",
      type: "object",
      required: ["a", "b"],
      properties: { a: { type: "number" }, b: { type: "number" } },
    },
    call: ({ a, b }) => text(String(a + b)),
  },
  "files.read": {
    description: "Has a dot in its name",
    inputSchema: { type: "object", properties: { path: { type: "string", "x-odd": true } } },
    call: ({ path }) => ({
      content: [
        { type: "text", text: `read ${path}` },
        { type: "image", data: "aGk=", mimeType: "image/png" },
      ],
    }),
  },
  fail: { description: "Fails", call: () => ({ ...text("it is broken"), isError: true }) },
  variable: { description: "Tells a variable", call: ({ name }) => text(process.env[name] ?? "(not set)") },
  key: { description: "Tells its key", call: (_args, meta) => text(String(meta?.["switchyard/idempotency-key"])) },
  pid: { description: "Tells its process", call: () => text(String(process.pid)) },
  die: { description: "Ends the process", call: () => process.exit(7) },
  slow: { description: "Never ends", call: () => new Promise(() => undefined) },
};

function server() {
  const made = new Server({ name: "tools", version: "1" }, { capabilities: { tools: {} } });
  // Two pages.
  made.setRequestHandler(ListToolsRequestSchema, ({ params }) => {
    const all = Object.entries(tools).map(([name, { description, inputSchema = { type: "object" } }]) => ({
      name,
      description,
      inputSchema,
    }));
    return params?.cursor === "2" ? { tools: all.slice(3) } : { tools: all.slice(0, 3), nextCursor: "2" };
  });
  made.setRequestHandler(CallToolRequestSchema, ({ params }) => {
    log(`call ${params.name} ${params._meta?.["switchyard/idempotency-key"]}`);
    return tools[params.name].call(params.arguments ?? {}, params._meta);
  });
  return made;
}

if (process.argv.includes("--http")) {
  const sessions = new Map();
  const http = createServer(async (request, response) => {
    if (request.headers.authorization !== "Bearer open-4711")
      return response.writeHead(401).end(`no to ${request.headers.authorization}`);
    const id = request.headers["mcp-session-id"];
    let transport = sessions.get(id);
    if (!transport) {
      transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (session) => {
          log("open");
          sessions.set(session, transport);
        },
        onsessionclosed: () => log("close"),
      });
      await server().connect(transport);
    }
    await transport.handleRequest(request, response);
  });
  http.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${http.address().port}/mcp`));
} else {
  log(`open ${process.pid}`);
  await server().connect(new StdioServerTransport());
  process.stdin.once("close", () => {
    log("close");
    process.exit(0);
  });
}
