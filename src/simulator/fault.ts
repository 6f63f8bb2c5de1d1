import { z } from "zod";

/** Which requests a fault meets. All that are given must agree; none given: every request. */
export interface FaultScope {
  /** Only requests whose text (system and messages) contains this. Case matters. */
  readonly match?: string;
  /** Share of the matching requests, 0..1. Default 1. */
  readonly probability?: number;
  /** Only the first so many matching requests. Default: without end. */
  readonly times?: number;
}

/** What a simulated provider does in place of a good answer. `refuse` closes the port, so it meets everybody. */
export type Fault = { readonly kind: "refuse" } | (FaultScope & RequestFault);

/** A fault that meets single requests. */
export type RequestFault =
  /** The connection is dropped without an answer. */
  | { readonly kind: "reset" }
  /** An error answer. `retryAfter`: seconds as a number, or the header's text, or `date+10s` for an HTTP date that far ahead. `body`: in place of the vendor's. */
  | { readonly kind: "status"; readonly status: number; readonly retryAfter?: number | string; readonly body?: unknown }
  /** A good answer, so many milliseconds later. */
  | { readonly kind: "latency"; readonly ms: number }
  /** Nothing comes, or nothing more after so many bytes of the answer's body; the connection stays open. */
  | { readonly kind: "stall"; readonly afterBytes?: number }
  /** The good answer waits until the fault is lifted. */
  | { readonly kind: "hold" }
  /** The answer begins with status 200 and its connection is cut. Default: in the middle of a whole answer, after 400 bytes of a stream. */
  | { readonly kind: "cut"; readonly afterBytes?: number }
  /** Status 200 and a body that is no JSON. */
  | { readonly kind: "malformed" }
  /** Status 200 and the vendor's error object. */
  | { readonly kind: "error_body" };

/** Every kind of fault, for messages. */
export const faultKinds = [
  "refuse",
  "reset",
  "status",
  "latency",
  "stall",
  "hold",
  "cut",
  "malformed",
  "error_body",
] as const;

const scope = {
  match: z.string().min(1).optional(),
  probability: z.number().min(0).max(1).optional(),
  times: z.int().min(1).optional(),
};
const afterBytes = z.int().min(0).optional();

/** A fault as scripts and the control port write it, snake_case; {@link toFault} makes it a {@link Fault}. */
export const writtenFault = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("refuse") }),
  z.strictObject({ kind: z.literal("reset"), ...scope }),
  z.strictObject({
    kind: z.literal("status"),
    status: z.int().min(300).max(599),
    retry_after: z.union([z.number().min(0), z.string().min(1)]).optional(),
    body: z.unknown().optional(),
    ...scope,
  }),
  z.strictObject({ kind: z.literal("latency"), ms: z.number().min(0), ...scope }),
  z.strictObject({ kind: z.literal("stall"), after_bytes: afterBytes, ...scope }),
  z.strictObject({ kind: z.literal("hold"), ...scope }),
  z.strictObject({ kind: z.literal("cut"), after_bytes: afterBytes, ...scope }),
  z.strictObject({ kind: z.literal("malformed"), ...scope }),
  z.strictObject({ kind: z.literal("error_body"), ...scope }),
]);

/** A written fault as the program uses it. */
export function toFault(written: z.infer<typeof writtenFault>): Fault {
  const { retry_after, after_bytes, ...rest } = written as z.infer<typeof writtenFault> & {
    readonly retry_after?: number | string;
    readonly after_bytes?: number;
  };
  return {
    ...rest,
    ...(retry_after === undefined ? {} : { retryAfter: retry_after }),
    ...(after_bytes === undefined ? {} : { afterBytes: after_bytes }),
  } as Fault;
}

/** A fault in words, as hits and the control port show it: `status 503`, `refuse`. */
export function describeFault(fault: Fault): string {
  if (fault.kind === "status") return `status ${fault.status}`;
  if (fault.kind === "latency") return `latency ${fault.ms} ms`;
  return fault.kind;
}
