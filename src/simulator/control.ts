import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { z } from "zod";
import { AppError, toErrorRecord } from "../core/errors.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import { listed, placeOf, readShape } from "../core/zod-problem.ts";
import { readBody } from "./exchange.ts";
import { type Fault, toFault, writtenFault } from "./fault.ts";
import { listen } from "./port.ts";
import type { Simulator } from "./simulator.ts";
import { sendJson } from "./vendors/send.ts";

/**
 * The simulator's control API, for other processes:
 * `GET /` what there is and its state; `GET /env` the variables; `GET /hits[?provider=]`, `DELETE /hits`;
 * `GET|PUT|DELETE /faults/:provider`, where PUT takes one fault or a list of them, in place of those in force.
 */
export async function startControl(
  simulator: Simulator,
  port: number,
  host: string,
): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    handle(simulator, request).then(
      (body) => sendJson(response, 200, body),
      (error: unknown) => sendError(response, error),
    );
  });
  const at = await listen(server, port, host);
  return { url: `http://${host}:${at}`, server };
}

async function handle(simulator: Simulator, request: IncomingMessage): Promise<Json> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://simulator");
  const [, section = "", name] = pathname.split("/");
  const does = `${request.method} ${section}`;
  if (name !== undefined) {
    if (does === "PUT faults") await simulator.down(name, ...readFaults(await readBody(request)));
    else if (does === "DELETE faults") await simulator.up(name);
    else if (does !== "GET faults") throw unknownRoute(request);
    return { provider: name, faults: simulator.faults(name) as unknown as Json };
  }
  switch (does) {
    case "GET ":
      return overview(simulator);
    case "GET env":
      return simulator.env;
    case "GET hits":
      return { hits: simulator.hits(searchParams.get("provider") ?? undefined) as unknown as Json };
    case "DELETE hits":
      simulator.clearHits();
      return { hits: [] };
    default:
      throw unknownRoute(request);
  }
}

function overview(simulator: Simulator): Json {
  return {
    notice: "Switchyard simulated providers: no real model answers here.",
    control: simulator.controlUrl,
    providers: simulator.providers.map(({ name, url, env }) => ({
      name,
      url,
      env,
      hits: simulator.total(name),
      state: simulator.faults(name).length === 0 ? "up" : "faulty",
      faults: simulator.faults(name) as unknown as Json,
    })),
  };
}

function unknownRoute(request: IncomingMessage): AppError {
  const routes = "GET /, GET /env, GET /hits, DELETE /hits, GET|PUT|DELETE /faults/PROVIDER";
  return new AppError("not_found", {
    message: `${request.method} ${request.url} is nothing here. There are: ${routes}.`,
  });
}

/** One fault or a list. Keys may be snake_case, as in scripts, or camelCase, as in TypeScript. */
function readFaults(text: string): readonly Fault[] {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (cause) {
    throw new AppError("bad_request", { message: "The fault is no JSON.", cause });
  }
  const list = (Array.isArray(given) ? given : [given]).map(snakeKeys);
  const read = readShape(z.array(writtenFault), list);
  if (read.ok) return read.value.map(toFault);
  // A single fault is written without a list; its problems name no place in one.
  const within = (place: string) => (Array.isArray(given) ? place : place.replace(/^0\.?/, ""));
  const problems = read.problems.map((problem) => ({ path: within(placeOf(problem)), message: problem.message }));
  throw new AppError("bad_request", { message: `The fault has mistakes: ${listed(problems)}`, problems });
}

function snakeKeys(value: unknown): unknown {
  if (!isJsonObject(value)) return value;
  const snake = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [snake(key), member]));
}

function sendError(response: ServerResponse, error: unknown): void {
  sendJson(response, error instanceof AppError ? error.status : 500, {
    error: toErrorRecord(error) as unknown as Json,
  });
}
