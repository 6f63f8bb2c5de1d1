import { randomUUID } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { catalogue, type ErrorCode } from "../../core/catalogue.ts";
import { AppError, type ErrorRecord } from "../../core/errors.ts";
import { isJsonObject } from "../../core/json.ts";
import type { RouteOptions, RouteOutcome } from "../../router/router.ts";
import { vendorKey } from "../idempotency/key.ts";
import { jsonTypes } from "../media-types.ts";
import type { Route, ServerContext } from "../route.ts";
import type { WireAsk, WireCodec } from "./codec.ts";
import { Departures } from "./departures.ts";
import { takeHints } from "./hints.ts";
import { StreamedReply } from "./streamed-reply.ts";
import { headersOf, spliced, summaryOf } from "./summary.ts";

/** Longest time that a request may take: that of the vendors' own clients. */
const longestMs = 600_000;

/** A route on which a vendor's clients speak their own format. */
export interface ProxyRoute {
  readonly codec: WireCodec;
  readonly url: string;
  readonly summary: string;
  /** Of the body, for the API's document; the codec checks with it. */
  readonly body: z.ZodType;
}

/** What is added to a vendor's answer. */
const answerSchema = z.looseObject({
  switchyard: z.looseObject({
    provider: z.string(),
    model: z.string(),
    calls: z.array(z.looseObject({ provider: z.string(), model: z.string(), ok: z.boolean() })),
    cost_usd: z.number().nullable(),
    warnings: z.array(z.string()).optional(),
  }),
});

/** One request under way. */
interface Proxied {
  readonly id: string;
  readonly codec: WireCodec;
  readonly ask: WireAsk;
  readonly reply: FastifyReply;
  readonly context: ServerContext;
  readonly routed: Parameters<ServerContext["router"]["call"]>;
}

/** The route of a format: reads the request, has it routed, and writes the answer in the client's words, or as the vendor gave it. */
export function proxyRoute({ codec, url, summary, body }: ProxyRoute): Route {
  return {
    method: "POST",
    url,
    chapter: "proxy",
    scope: "submit",
    changes: "nothing",
    idempotency: "answer",
    summary,
    takes: jsonTypes,
    reads: { body },
    answers: {
      200: {
        text: "The answer in the client's format, with a member `switchyard` that tells who served, at what cost.",
        schema: answerSchema,
        also: ["text/event-stream"],
      },
    },
    problem: (error) => codec.error(error),
    handler(context) {
      const departures = new Departures(context.closing);
      return async (request, reply) => {
        const proxied = read(codec, context, request, reply, departures);
        return proxied.ask.stream ? stream(proxied) : answer(proxied);
      };
    },
  };
}

/** @throws AppError bad_request, unknown_provider */
function read(
  codec: WireCodec,
  context: ServerContext,
  request: FastifyRequest,
  reply: FastifyReply,
  departures: Departures,
): Proxied {
  const id = randomUUID();
  reply.header("x-request-id", id);
  if (!isJsonObject(request.body)) {
    throw new AppError("bad_request", { message: "The request's body must be a JSON object." });
  }
  const { hints, body } = takeHints(request.body, request.headers);
  const ask = codec.read(body);
  const { tenant } = request.principal;
  const { "idempotency-key": key } = request.headers;
  const options: RouteOptions = {
    hints: { ...context.router.modelHints(ask.model), ...hints },
    signal: departures.of(reply.raw, request.turn !== undefined),
    idempotencyKey: typeof key === "string" ? vendorKey(tenant, key) : id,
    deadline: Date.now() + longestMs,
    tenant,
  };
  const { untranslated } = ask;
  const wire = {
    format: codec.format,
    body: ask.body ?? body,
    headers: headersFor(codec, request),
    ...(untranslated ? { untranslated } : {}),
  };
  return { id, codec, ask, reply, context, routed: [{ ...ask.request, wire }, options] };
}

/** The headers of the client's that belong to its request. */
function headersFor({ headers = [] }: WireCodec, request: FastifyRequest): Readonly<Record<string, string>> {
  return Object.fromEntries(
    headers.flatMap((name) => {
      const value = request.headers[name];
      return typeof value === "string" ? [[name, value]] : [];
    }),
  );
}

async function answer({ id, codec, ask, reply, context, routed }: Proxied): Promise<FastifyReply> {
  const outcome = await context.router.call(...routed);
  if (outcome.type !== "answered") throw failureOf(outcome, reply);
  const { served, answer } = outcome;
  const { wire } = answer;
  const text =
    wire?.type === "whole" ? wire.text : JSON.stringify(codec.write(answer, { id, at: Date.now(), served }, ask));
  const leftOut = wire ? [] : (ask.leftOut ?? []);
  return reply
    .headers(headersOf(outcome))
    .type("application/json; charset=utf-8")
    .send(spliced(text, summaryOf(outcome, leftOut)));
}

async function stream({ id, codec, ask, reply, context, routed: [request, options] }: Proxied): Promise<FastifyReply> {
  const writer = codec.stream(ask, { id, at: Date.now() });
  const streamed = new StreamedReply(reply, id, context);
  const outcome = await context.router.call(request, {
    ...options,
    pace: () => streamed.pace(),
    onPart(part, origin) {
      streamed.begin(origin);
      streamed.send(part.type === "wire" ? [part.event] : writer.part(part, origin.model));
    },
  });
  if (outcome.type !== "answered") {
    if (!streamed.hasBegun) throw failureOf(outcome, reply);
    streamed.break(writer.broken(errorOf(outcome.error)));
    return reply;
  }
  const { answer, served, calls, decision } = outcome;
  const { wire } = answer;
  const last = wire?.type === "streamed" ? wire.rest : writer.end(answer, served);
  streamed.begin({ provider: served.provider, model: served.modelServed, call: calls.length, decision });
  streamed.end(last, summaryOf(outcome, wire ? [] : (ask.leftOut ?? [])));
  return reply;
}

/** The error of a request that was not served, with headers that say what was tried. */
function failureOf({ error, calls }: Exclude<RouteOutcome, { type: "answered" }>, reply: FastifyReply): AppError {
  reply.header("x-switchyard-calls", String(calls.length));
  return errorOf(error);
}

function errorOf({ code, message, details, problems }: ErrorRecord): AppError {
  return new AppError(isErrorCode(code) ? code : "internal", {
    message,
    ...(details ? { details } : {}),
    ...(problems ? { problems } : {}),
  });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(catalogue, code);
}
