import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { graphFormatNames, graphFormats, graphOf } from "../../workflow/graph/draw.ts";
import { checked } from "../checked.ts";
import type { Route } from "../route.ts";

const paramsSchema = z.object({ name: z.string() });
const querySchema = z.strictObject({
  format: z.enum(graphFormatNames).default("mermaid"),
  version: z.coerce.number<string>().int().min(1).optional(),
  states: z.stringbool().default(false),
});

/** Nodes of a picture that the server draws itself; the placing of more would keep it from its other work for seconds. */
const maxNodes = 250;

/** `GET /v1/workflows/:name/graph`: a stored workflow as Mermaid text, as a picture, or as its machine's config. */
export const workflowGraph: Route = {
  method: "GET",
  url: "/v1/workflows/:name/graph",
  chapter: "workflows",
  scope: "read",
  summary: "Draw a stored workflow (?format=mermaid, svg or xstate; ?version; ?states=true: its statechart).",
  reads: { params: paramsSchema, query: querySchema },
  answers: {
    200: {
      text: "The drawing, in the format's own media type.",
      media: "text/plain",
      also: ["image/svg+xml", "application/json"],
    },
  },
  handler:
    ({ engineOf }) =>
    async (request, reply) => {
      const { name } = checked(paramsSchema, request.params, "path");
      const { format, version, states } = checked(querySchema, request.query, "query");
      const { definition } = await engineOf(request).definition(name, version);
      if (format === "svg") refuseTooMany(graphOf(definition, states).nodes.length);
      const { mediaType, draw } = graphFormats[format];
      // A drawing holds a workflow author's words: it must not run anything where it is opened.
      return reply
        .header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'")
        .header("x-content-type-options", "nosniff")
        .type(mediaType)
        .send(draw(definition, states));
    },
};

function refuseTooMany(nodes: number): void {
  if (nodes <= maxNodes) return;
  const message = `The picture has ${nodes} nodes; the server draws at most ${maxNodes}. \`switchyard graph FILE -o FILE.svg\` draws any number.`;
  throw new AppError("bad_request", { message, details: { nodes, most: maxNodes } });
}
