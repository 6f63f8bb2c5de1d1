import { AppError } from "../../core/errors.ts";

/**
 * Refuses to start a process that the worker's settings do not list. A listed line allows every command line that begins with its words, so
 * `npx -y @modelcontextprotocol/server-memory` allows that one server, with whatever follows. @throws AppError mcp_refused
 */
export function checkCommand(allowed: readonly string[], command: string, args: readonly string[]): void {
  const words = [command, ...args];
  const isListed = allowed.some((line) => {
    const listed = line.split(/\s+/).filter((word) => word !== "");
    return listed.length > 0 && listed.every((word, index) => word === words[index]);
  });
  if (isListed) return;
  const listed = allowed.length === 0 ? "none" : allowed.join(", ");
  throw new AppError("mcp_refused", {
    message: `The MCP server ${command} may not be started here; SWITCHYARD_MCP_COMMANDS lists ${listed}.`,
    details: { command },
  });
}
