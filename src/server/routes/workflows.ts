import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { isJsonObject } from "../../core/json.ts";
import { authorHeaders, changeBy } from "../change-by.ts";
import { checked } from "../checked.ts";
import { jsonTypes, yamlTypes } from "../media-types.ts";
import type { Route } from "../route.ts";
import { definitionBody, listedWorkflow, shownWorkflow, storedVersion, validation } from "../schemas/workflow.ts";

const name = z.string().min(1).max(300);
const paramsSchema = z.object({ name });
const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100).describe("Default: 100."),
  after: z.string().max(300).optional().describe("`next` of the page before."),
});
const showQuery = z.strictObject({
  version: z.coerce.number().int().min(1).optional().describe("Default: the newest."),
});

/** `GET /v1/workflows`: the stored workflows, by name. */
export const listWorkflows: Route = {
  method: "GET",
  url: "/v1/workflows",
  chapter: "workflows",
  scope: "read",
  summary: "The stored workflows by name, each with its newest version and its last run (?limit, ?after).",
  reads: { query: listQuery },
  answers: {
    200: {
      text: "A page of workflows.",
      schema: z.strictObject({ workflows: z.array(listedWorkflow), next: z.string().nullable() }),
    },
  },
  handler:
    ({ engineOf }) =>
    async (request) => {
      const query = checked(listQuery, request.query, "query");
      return engineOf(request).workflows({ ...query, tenant: request.principal.tenant });
    },
};

/** `GET /v1/workflows/:name`: a version of a workflow, as its author wrote it. */
export const showWorkflow: Route = {
  method: "GET",
  url: "/v1/workflows/:name",
  chapter: "workflows",
  scope: "read",
  summary: "A stored workflow with its definition (?version).",
  reads: { params: paramsSchema, query: showQuery },
  answers: { 200: { text: "The version.", schema: shownWorkflow } },
  handler:
    ({ engineOf }) =>
    async (request) => {
      const params = checked(paramsSchema, request.params, "path");
      const { version } = checked(showQuery, request.query, "query");
      return engineOf(request).definition(params.name, version);
    },
};

/** `GET /v1/workflows/:name/versions`: its versions, the newest first. */
export const workflowVersions: Route = {
  method: "GET",
  url: "/v1/workflows/:name/versions",
  chapter: "workflows",
  scope: "read",
  summary: "The versions of a workflow, the newest first.",
  reads: { params: paramsSchema },
  answers: {
    200: {
      text: "Its versions.",
      schema: z.strictObject({ name: z.string(), versions: z.array(storedVersion) }),
    },
  },
  handler:
    ({ engineOf }) =>
    async (request) => {
      const params = checked(paramsSchema, request.params, "path");
      return { name: params.name, versions: await engineOf(request).versions(params.name) };
    },
};

/** `DELETE /v1/workflows/:name`: takes its name out of use. */
export const deleteWorkflow: Route = {
  method: "DELETE",
  url: "/v1/workflows/:name",
  chapter: "workflows",
  scope: "operate",
  summary:
    "Delete a workflow that nothing needs: no run that goes on, no schedule, trigger or other workflow. Its ended runs stay; stored again, it goes on with the next version.",
  reads: { params: paramsSchema, headers: authorHeaders },
  answers: { 204: { text: "It is gone." } },
  handler:
    ({ engineOf }) =>
    async (request, reply) => {
      const params = checked(paramsSchema, request.params, "path");
      changeBy(request);
      await engineOf(request).deleteWorkflow(params.name);
      return reply.code(204).send();
    },
};

/** `POST /v1/workflows/validate`: what is wrong with a definition; nothing is stored. */
export const validateWorkflow: Route = {
  method: "POST",
  url: "/v1/workflows/validate",
  chapter: "workflows",
  scope: "read",
  changes: "nothing",
  summary:
    "Check a definition (JSON object, or YAML as text/yaml) without storing it; answers with everything that is wrong.",
  takes: [...jsonTypes, ...yamlTypes],
  reads: { body: definitionBody },
  answers: { 200: { text: "Whether it could be stored, and if not, why.", schema: validation } },
  handler:
    ({ engineOf }) =>
    async (request) => {
      const { body } = request;
      if (!isJsonObject(body) && (typeof body !== "string" || body.trim() === "")) {
        throw new AppError("bad_request", {
          message: "The request's body must be a workflow definition: a JSON object, or YAML text sent as text/yaml.",
        });
      }
      try {
        const { name, steps } = engineOf(request).check(body);
        return { valid: true, name, steps: steps.map(({ id }) => id), problems: [] };
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== "invalid_definition") throw error;
        return { valid: false, name: null, steps: [], problems: error.problems };
      }
    },
};
