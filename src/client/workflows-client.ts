import type { Problem } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { StoredVersion, WorkflowPage } from "../core/listed-workflow.ts";
import { type Asker, askerHeaders } from "./asker.ts";
import { type Http, queryOf } from "./http.ts";

/** What is wrong with a definition. */
export interface Validation {
  readonly valid: boolean;
  readonly name: string | null;
  /** Ids of its steps. */
  readonly steps: readonly string[];
  readonly problems: readonly Problem[];
}

/** The stored workflows. Failures as those of the client. */
export class WorkflowsClient {
  readonly #http: Http;

  /** @param http of the server */
  constructor(http: Http) {
    this.#http = http;
  }

  /** A page, by name. @param options after: `next` of the page before; limit: default 100, max 500 */
  list(options: { readonly after?: string; readonly limit?: number } = {}): Promise<WorkflowPage> {
    return this.#http.json({ path: `/v1/workflows${queryOf(options)}` });
  }

  /** A version with its definition. @param version default: the newest @throws AppError workflow_not_found */
  show(
    name: string,
    version?: number,
  ): Promise<{ readonly name: string; readonly version: number; readonly definition: JsonObject }> {
    return this.#http.json({ path: `${pathOf(name)}${version === undefined ? "" : `?version=${version}`}` });
  }

  /**
   * Deletes one: it is not listed, and nothing begins runs of it any more. Runs of it that have ended stay; stored again, it goes on with the next version.
   * @throws AppError workflow_not_found, workflow_in_use - what needs it
   */
  async delete(name: string, asker: Asker = {}): Promise<void> {
    await this.#http.open({ method: "DELETE", path: pathOf(name), headers: askerHeaders(asker) });
  }

  /** Its drawing: Mermaid text (the default), an SVG, or its machine's config as JSON text. @param options states: its statechart @throws AppError workflow_not_found */
  async graph(
    name: string,
    options: {
      readonly format?: "mermaid" | "svg" | "xstate";
      readonly version?: number;
      readonly states?: boolean;
    } = {},
  ): Promise<string> {
    return (await this.#http.open({ path: `${pathOf(name)}/graph${queryOf(options)}` })).text();
  }

  /** Its versions, the newest first. @throws AppError workflow_not_found */
  async versions(name: string): Promise<readonly StoredVersion[]> {
    type Answer = { readonly versions: readonly StoredVersion[] };
    return (await this.#http.json<Answer>({ path: `${pathOf(name)}/versions` })).versions;
  }

  /** What is wrong with a definition: YAML or JSON text, or an object. Nothing is stored. */
  validate(definition: string | JsonObject): Promise<Validation> {
    const isText = typeof definition === "string";
    return this.#http.json({
      method: "POST",
      path: "/v1/workflows/validate",
      headers: { "content-type": isText ? "application/yaml" : "application/json" },
      body: isText ? definition : JSON.stringify(definition),
    });
  }
}

function pathOf(name: string): string {
  return `/v1/workflows/${encodeURIComponent(name)}`;
}
