import type { IncomingMessage, ServerResponse } from "node:http";
import type { Json, JsonObject } from "../../core/json.ts";
import type { Answer } from "../answer/answer.ts";
import type { Asked } from "../asked.ts";

/** Names of the simulated providers, as Switchyard's settings name them. Their order gives the ports: base + 1, base + 2, ... */
export const simulatedNames = ["openai", "anthropic", "ollama", "gemini", "azure-openai", "custom", "bedrock"] as const;

/** Name of a simulated provider. */
export type SimulatedName = (typeof simulatedNames)[number];

/** One vendor's wire format: one file a vendor. */
export interface Vendor {
  readonly name: SimulatedName;
  /** What follows `http://host:port` in the endpoint that a client is given. */
  readonly basePath: string;
  /** Variables that point a Switchyard process at it. Empty where there are none. */
  env(url: string): Readonly<Record<string, string>>;
  /** What a request line means to this vendor; undefined: the vendor doesn't know the path. */
  route(method: string, pathname: string): Route | undefined;
  /** An error in the vendor's shape. */
  error(status: number, message: string): JsonObject;
}

/** What a path stands for. */
export type Route = { readonly kind: "models"; readonly body: Json } | { readonly kind: "call"; readonly wire: Wire };

/** How one kind of call is read and answered. */
export interface Wire {
  /** What the request asks. @returns a text if the request is wrong: the vendor's 400. */
  read(body: JsonObject): Asked | string;
  /** Writes the answer in the vendor's format. */
  write(reply: Reply): void | Promise<void>;
}

/** An answer on its way out. */
export interface Reply {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The request's body as it came. */
  readonly raw: string;
  readonly asked: Asked;
  readonly answer: Answer;
  /** Milliseconds between the pieces of a stream. */
  readonly pieceMs: number;
}
