import { z } from "zod";
import { checked } from "../checked.ts";
import { feed } from "../feed.ts";
import type { Route } from "../route.ts";
import { runEvent } from "../schemas/event.ts";
import { sendEventStream } from "../sse.ts";

const number = z.coerce.number().int().min(0);
const querySchema = z.strictObject({
  after: number.optional(),
  limit: z.coerce.number().int().min(1).max(5_000).optional(),
  tokens: z.stringbool().optional(),
});
const headersSchema = z.object({ "last-event-id": number.optional() });
const paramsSchema = z.object({ id: z.string() });

/** `GET /v1/runs/:id/events`: a run's history as JSON; with `Accept: text/event-stream` as it happens, to its end. */
export const runEvents: Route = {
  method: "GET",
  url: "/v1/runs/:id/events",
  chapter: "runs",
  scope: "read",
  summary:
    "A run's events (?after=N, ?limit); with Accept: text/event-stream live until the run ends, with ?tokens=true also answers as they are written.",
  reads: { params: paramsSchema, query: querySchema, headers: headersSchema },
  answers: {
    200: {
      text: "The events so far; as text/event-stream each as it happens, to the run's end.",
      schema: z.strictObject({ events: z.array(runEvent) }),
      also: ["text/event-stream"],
    },
  },
  handler:
    ({ engineOf, closing, patienceMs }) =>
    async (request, reply) => {
      const engine = engineOf(request);
      const { id } = checked(paramsSchema, request.params, "path");
      const { after = 0, limit, tokens = false } = checked(querySchema, request.query, "query");
      const vary = reply.getHeader("vary");
      reply.header("vary", vary === undefined ? "accept" : `${vary}, accept`);
      if (!wantsStream(request.headers.accept)) return { events: await engine.events(id, after, limit) };
      const { "last-event-id": last = after } = checked(headersSchema, request.headers, "headers");
      // An unknown run is a 404, not a stream without events.
      await engine.events(id, last, 1);
      await sendEventStream({
        reply,
        closing,
        patienceMs,
        events: (signal) => feed({ engine, runId: id, after: last, live: tokens, signal }),
      });
      return reply;
    },
};

function wantsStream(accept: string | undefined): boolean {
  return accept?.split(",").some((type) => type.trim().toLowerCase().startsWith("text/event-stream")) ?? false;
}
