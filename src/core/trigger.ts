import type { ErrorRecord } from "./errors.ts";
import type { Json } from "./json.ts";

/** How a delivery is signed: HMAC over its raw body, or over a text that holds it. */
export interface TriggerSignature {
  /** `github`: the header holds prefix and digest. `stripe`: it holds a list `t=SECONDS,v1=DIGEST`, and the prefix (`v1=`) marks the digests. */
  readonly style: "github" | "stripe";
  /** Small letters. */
  readonly header: string;
  readonly algorithm: "sha256";
  readonly encoding: "hex" | "base64";
  readonly prefix: string;
  /** Header with the time of sending in Unix seconds or milliseconds. Null: there is none, or (`stripe`) it stands in the list. */
  readonly timestamp: string | null;
  /** What is signed, with `{timestamp}` and `{body}` in it. */
  readonly signed: string;
  /** How far the time of sending may be from now, in milliseconds. Without meaning where no time is signed. */
  readonly toleranceMs: number;
}

/** Where the id of a delivery stands: two with the same one are the same delivery. */
export type DeliveryId = { readonly header: string } | { readonly expression: string };

/** What a signed request from outside, or a signal for nobody's run, begins: a run, or a signal to one. */
export interface Trigger {
  readonly id: string;
  /** Name of the signals that begin it, beside signed requests. Null: none do. */
  readonly on: string | null;
  /** Null: it sends a signal. */
  readonly workflow: string | null;
  /** Null: the newest at each delivery. */
  readonly version: number | null;
  /** Null: it begins runs. `run` is a template. */
  readonly signal: { readonly run: string; readonly name: string } | null;
  /** The run's input, or the signal's payload: Liquid templates over `body` and `headers`. */
  readonly input: Json;
  readonly signature: TriggerSignature;
  /** Null: deliveries are told apart by what is signed. */
  readonly idempotency: DeliveryId | null;
  /** Masked: only its last characters. */
  readonly secret: string;
  readonly by: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

/** A trigger that was just set. */
export interface SetTrigger extends Trigger {
  /** The secret, where it was made now. It is shown this once. */
  readonly generatedSecret?: string;
}

/** A trigger as it is asked for; the rest is filled in. Either `workflow` or `signal`. */
export interface TriggerRequest {
  readonly workflow?: string | undefined;
  readonly version?: number | undefined;
  readonly signal?: { readonly run: string; readonly name: string } | undefined;
  /** Default: no signals begin it. */
  readonly on?: string | undefined;
  /** Default: the one that is kept under this id, or one made now. At least 16 characters. */
  readonly secret?: string | undefined;
  /** Default: `{{ body }}`. */
  readonly input?: Json | undefined;
  readonly signature?: SignatureRequest | undefined;
  readonly idempotency?: DeliveryId | undefined;
}

/** As {@link TriggerSignature}; what is left out follows from the style, by default `github`. `tolerance`: a duration text, by default 5m. */
export type SignatureRequest = {
  readonly [K in Exclude<keyof TriggerSignature, "toleranceMs">]?: NonNullable<TriggerSignature[K]> | undefined;
} & { readonly tolerance?: string | undefined };

/** What came of a delivery. */
export interface Delivered {
  /** The run that began, or that got the signal. */
  readonly run: string;
  /** Whether it began now: false for a delivery that had come before, and for signals. */
  readonly created: boolean;
}

/** A signal for nobody's run: whatever is set on its name is begun. */
export interface OpenSignal {
  readonly payload: Json;
  /** The same one is taken once. Default: each is another one. */
  readonly id?: string | undefined;
}

/** What came of an open signal, for one of the triggers that are set on its name. */
export type Begun = { readonly trigger: string } & (
  | (Delivered & { readonly error?: never })
  | { readonly error: ErrorRecord }
);
