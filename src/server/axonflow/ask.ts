import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { ServerContext } from "../route.ts";

/** A picture that stands beside a query. */
export const mediaSchema = z.looseObject({
  source: z.string().optional(),
  base64_data: z.string().optional(),
  url: z.string().optional(),
  mime_type: z.string().min(1).max(100).default("image/png"),
});

/** A request of AxonFlow's clients, checked. */
export interface AxonFlowAsk {
  readonly query: string;
  readonly context: Readonly<Record<string, unknown>>;
  readonly media: readonly z.infer<typeof mediaSchema>[];
  /** Made here; in the answer. */
  readonly requestId: string;
  readonly idempotencyKey: string | undefined;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Fires when the client goes away or the server closes. */
  readonly signal: AbortSignal;
}

/** Answers requests of one type. */
export type RequestAnswer = (ask: AxonFlowAsk, context: ServerContext) => Promise<object>;
