import { AppError } from "../../core/errors.ts";
import { isJsonObject } from "../../core/json.ts";
import { jsonTypes, yamlTypes } from "../media-types.ts";
import type { Route } from "../route.ts";
import { definitionBody, storedWorkflow } from "../schemas/workflow.ts";

/** `POST /v1/workflows`: checks and stores a definition: a JSON object, or YAML text with a YAML content type. */
export const storeWorkflow: Route = {
  method: "POST",
  url: "/v1/workflows",
  chapter: "workflows",
  scope: "submit",
  idempotency: "answer",
  summary:
    "Check and store a definition (JSON object, or YAML as text/yaml). Same name, changed content: next version.",
  takes: [...jsonTypes, ...yamlTypes],
  reads: { body: definitionBody },
  answers: { 200: { text: "Its name and version.", schema: storedWorkflow } },
  handler:
    ({ engineOf }) =>
    async (request) => {
      const definition = request.body;
      if (isJsonObject(definition) || (typeof definition === "string" && definition.trim() !== "")) {
        return engineOf(request).store(definition);
      }
      throw new AppError("bad_request", {
        message: "The request's body must be a workflow definition: a JSON object, or YAML text sent as text/yaml.",
      });
    },
};
