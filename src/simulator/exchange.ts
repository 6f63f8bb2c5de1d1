import type { IncomingMessage, ServerResponse } from "node:http";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { answer } from "./answer/answer.ts";
import { type ArmedFault, chooseFault, type Meeting } from "./armed-fault.ts";
import type { Asked } from "./asked.ts";
import type { SimulatorClock } from "./clock.ts";
import { describeFault } from "./fault.ts";
import type { HitLog } from "./hit-log.ts";
import { limitBody, sendMalformed, sendStatus } from "./inflict.ts";
import type { Random } from "./random.ts";
import { sendJson } from "./vendors/send.ts";
import type { Vendor, Wire } from "./vendors/vendor.ts";

/** Time that a good answer takes, drawn anew for each. */
export interface Latency {
  readonly minMs: number;
  readonly maxMs: number;
}

/** What an exchange needs of its provider. */
export interface ExchangeContext {
  readonly vendor: Vendor;
  readonly hits: HitLog;
  readonly clock: SimulatorClock;
  readonly random: Random;
  readonly latency: Latency;
  /** Faults in force now. */
  armed(): readonly ArmedFault[];
}

/** One request to a simulated provider, from its first line to its last byte. */
export async function exchange(
  context: ExchangeContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { vendor } = context;
  const pathname = (request.url ?? "/").split("?", 1)[0] ?? "/";
  const route = vendor.route(request.method ?? "GET", pathname);
  if (!route) {
    request.resume();
    return sendJson(response, 404, vendor.error(404, `Unknown request URL: ${request.method} ${pathname}.`));
  }
  if (route.kind === "models") return listModels(context, response, route.body);
  const raw = await readBody(request);
  const body = parseObject(raw);
  const asked = body ? route.wire.read(body) : "We could not parse the JSON body of your request.";
  if (typeof asked === "string") return sendJson(response, 400, vendor.error(400, asked));
  const key = request.headers["idempotency-key"];
  const settle = context.hits.arrive(
    {
      provider: vendor.name,
      at: context.clock.now(),
      path: pathname,
      idempotencyKey: typeof key === "string" ? key : null,
    },
    asked,
  );
  response.once("close", () => {
    const refused = context.armed().some(({ fault }) => fault.kind === "refuse");
    settle(refused ? "fault:refuse" : "aborted");
  });
  const meeting = chooseFault(context.armed(), asked.text, context.random);
  const served = meeting ? (`fault:${describeFault(meeting.fault)}` as const) : "answered";
  if (meeting && meeting.fault.kind !== "hold") settle(served);
  else response.once("finish", () => settle(served));
  await serve({ context, request, response, raw, wire: route.wire, asked, meeting });
}

interface Call {
  readonly context: ExchangeContext;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly raw: string;
  readonly wire: Wire;
  readonly asked: Asked;
  readonly meeting: Meeting | undefined;
}

async function serve(call: Call): Promise<void> {
  const { context, request, response, asked, meeting } = call;
  const { vendor, clock } = context;
  switch (meeting?.fault.kind) {
    case undefined:
      return give(call, 0);
    case "reset":
      request.socket.destroy();
      return;
    case "status":
      return sendStatus(response, meeting.fault, vendor.error, clock.now());
    case "latency":
      return give(call, meeting.fault.ms);
    case "hold":
      await meeting.lifted;
      return give(call, 0);
    case "stall":
      if (meeting.fault.afterBytes === undefined) return;
      limitBody(response, meeting.fault as { kind: "stall"; afterBytes: number });
      return give(call, 0);
    case "cut":
      limitBody(response, meeting.fault as { kind: "cut"; afterBytes?: number });
      return give(call, 0);
    case "malformed":
      return sendMalformed(response, asked.stream);
    case "error_body":
      return sendJson(response, 200, vendor.error(500, "Simulated outage: an error under status 200."));
  }
}

/** The good answer, after the usual latency and `extraMs`. */
async function give({ context, request, response, raw, wire, asked }: Call, extraMs: number): Promise<void> {
  const { minMs, maxMs } = context.latency;
  const waitMs = extraMs + (maxMs > 0 ? minMs + context.random() * (maxMs - minMs) : 0);
  if (waitMs > 0) await new Promise<void>((resolve) => context.clock.after(waitMs, resolve));
  if (response.destroyed) return;
  const pieceMs = maxMs > 0 ? 8 : 0;
  await wire.write({ request, response, raw, asked, answer: answer(context.vendor.name, asked), pieceMs });
}

/** Listing models suffers from faults that meet everybody; it is not a hit. */
function listModels({ vendor, clock, armed }: ExchangeContext, response: ServerResponse, body: Json): void {
  const fault = armed().find((candidate) => candidate.unscoped)?.fault;
  if (fault?.kind === "stall" || fault?.kind === "hold") return;
  if (fault?.kind === "status") sendStatus(response, fault, vendor.error, clock.now());
  else if (fault?.kind === "reset" || fault?.kind === "cut") response.socket?.destroy();
  else if (fault?.kind === "malformed") sendMalformed(response, false);
  else sendJson(response, 200, body);
}

/** The whole body as text. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

/** The JSON object that a text holds, or undefined. */
function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
