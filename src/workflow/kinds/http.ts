import { z } from "zod";
import type { Json, JsonObject } from "../../core/json.ts";
import { stringsIn } from "../path.ts";
import { authorSchema } from "../shape.ts";
import type { StepKindSpec } from "./kind.ts";

/** Methods of a request, as they are written in a definition. */
const httpMethods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

/** Headers that belong to the connection, or are worked out from the request. */
const ownHeaders: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, { error: "is not a header's name." });
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const status = "must be a status from 200 to 599, or one of 2xx, 3xx, 4xx, 5xx.";

const statuses = z
  .array(
    z.union([
      z.number().int({ error: status }).min(200, { error: status }).max(599, { error: status }),
      z.string().regex(/^[2-5]xx$/, { error: status }),
    ]),
  )
  .min(1)
  .optional();

const everyRequest = {
  headers: z.record(headerName, z.string()).optional().describe("Request headers; each value is a Liquid template."),
  success: statuses.describe("Statuses that count as success: numbers, or 2xx, 3xx, 4xx, 5xx."),
  retry_on: statuses.describe(
    "Statuses after which there is another attempt, in the same words; others fail the step at once. Default: 429 and 5xx.",
  ),
  redirects: z.number().int().min(0).max(20).optional().describe("Redirects that are followed."),
  response_headers: z.array(headerName).optional().describe("Response headers that are kept in the step's output."),
};

const schema = z
  .strictObject({
    method: z.enum(httpMethods).optional().describe("The request's method."),
    url: z.string().min(1).describe("Where it goes; a Liquid template."),
    query: z
      .record(z.string(), z.union([scalar, z.array(scalar)]))
      .optional()
      .describe("Added to the address, escaped; templates in its texts."),
    body: z.json().optional().describe("What is sent: JSON, with templates in its strings; a text as it is."),
    response: authorSchema.optional().describe("JSON Schema of the answer's body."),
    ...everyRequest,
  })
  .describe("One HTTP request.");

/** What an author writes under `http`. */
export type HttpBody = z.infer<typeof schema> & JsonObject;

/** One request. Its output is `{ status, headers, body }`. */
export const httpKind: StepKindSpec<HttpBody> = {
  name: "http",
  queue: "io",
  schema: schema as z.ZodType<HttpBody>,
  defaults: z.strictObject(everyRequest),
  readsEnv: true,

  *check(body) {
    const message = addressMistake(body.url);
    if (message !== undefined) yield { path: ["url"], message };
    for (const name of Object.keys(body.headers ?? {})) {
      if (ownHeaders.has(name.toLowerCase()))
        yield { path: ["headers", name], message: "is set by the connection itself." };
    }
    const { method } = body;
    if (body.body !== undefined && (method === "GET" || method === "HEAD"))
      yield { path: ["body"], message: `a ${method} request has none; use query, or another method.` };
  },

  *templates(body) {
    yield { path: ["url"], text: body.url, result: "text" };
    for (const [name, text] of Object.entries(body.headers ?? {}))
      yield { path: ["headers", name], text, result: "text" };
    for (const { path, text } of stringsIn(body.query)) yield { path: ["query", ...path], text };
    for (const { path, text } of stringsIn(body.body)) yield { path: ["body", ...path], text };
  },

  *schemas(body) {
    if (body.response !== undefined) yield { path: ["response"], schema: body.response };
  },

  outputSchema: (body) => ({
    type: "object",
    properties: {
      status: { type: "integer" },
      headers: { type: "object" },
      body: (body.response ?? {}) as Json,
    },
    additionalProperties: false,
  }),
};

/** What is wrong with an address, as far as its text before the first template tells. */
function addressMistake(url: string): string | undefined {
  const fixed = url.split(/\{[{%]/, 1)[0] ?? "";
  const isWhole = fixed === url;
  if (fixed !== "" && !/^https?:\/\//i.test(fixed) && (isWhole || fixed.includes("//") || fixed.length >= 8))
    return "must begin with http:// or https://.";
  if (!isWhole) return undefined;
  if (!URL.canParse(url)) return "is not an address that can be read.";
  const { username, password } = new URL(url);
  return username !== "" || password !== "" ? "holds a user or password; send them in a header." : undefined;
}
