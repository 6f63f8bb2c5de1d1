import { mayDo } from "../../core/principal.ts";
import { problemDocument, toAppError } from "../problem.ts";
import type { Route } from "../route.ts";
import { healthSchema, unhealthySchema } from "../schemas/health.ts";

/** What clients ask by name before they use it. */
const capabilities = [
  { name: "llm_routing", description: "Calls are routed over several providers." },
  { name: "multi_agent_planning", description: "A goal in words becomes a plan, and is executed." },
  { name: "gateway_mode", description: "Calls that an application makes itself count as well." },
  { name: "unified_executions", description: "Runs can be listed, followed and ended." },
].map((one) => ({ ...one, since_version: "0.1.0" }));

/** `GET /health`: whether this process can do its work. 503 with the problem's members while Redis does not answer. */
export const health: Route = {
  method: "GET",
  url: "/health",
  chapter: "server",
  scope: "none",
  summary:
    "Whether the server and Redis answer, and how many jobs are open in each queue, and which workers there are.",
  answers: {
    200: { text: "The server and Redis answer.", schema: healthSchema },
    503: { text: "Redis does not answer.", schema: unhealthySchema },
  },
  handler:
    ({ engine, version }) =>
    async ({ principal }, reply) => {
      reply.header("cache-control", "no-store");
      try {
        const { redisMs, queues, workers } = await engine.health();
        // What is under way, and on which machines, is not for strangers.
        if (!mayDo(principal, "read")) return { status: "healthy", version, capabilities };
        return { status: "healthy", redisMs: Math.round(redisMs * 10) / 10, queues, workers, version, capabilities };
      } catch (error) {
        const { code, detail, fix } = problemDocument(toAppError(error));
        return reply.code(503).send({ status: "unhealthy", version, code, detail, fix });
      }
    },
};
