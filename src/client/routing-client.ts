import type { Hints } from "../core/call.ts";
import type { Explanation, RoutingChange, RoutingReport, RoutingVersion, ShadowSummary } from "../core/routing.ts";
import { type Asker, askerHeaders } from "./asker.ts";
import type { Http } from "./http.ts";

/** How a change is made. */
export interface RoutingChangeOptions extends Asker {
  /** The version that it is made for: another one refuses it with `routing_conflict`. Default: whichever is current. */
  readonly version?: number;
}

/** A request to be explained. */
export interface ExplainOptions {
  readonly hints?: Hints;
  /** Tokens of its prompt. Default 500. */
  readonly tokens?: number;
  /** Most tokens of its answer. Default 1000. */
  readonly maxTokens?: number;
}

/** The routing of a fleet: what is in force, changed for all processes at once. Failures as those of the client. */
export class RoutingClient {
  readonly #http: Http;

  /** @param http of the server */
  constructor(http: Http) {
    this.#http = http;
  }

  /** What is in force, where each value comes from, and how the targets stand. */
  show(): Promise<RoutingReport> {
    return this.#http.json({ path: "/v1/routing" });
  }

  /**
   * Sets keys of `routing:`; null takes one back. All in one version.
   * @throws AppError invalid_settings - everything that is wrong; routing_conflict - it is not the named version.
   */
  change(patch: Readonly<Record<string, unknown>>, options: RoutingChangeOptions = {}): Promise<RoutingChange> {
    return this.#send("PATCH", "", options, patch);
  }

  /** The newest versions first. @param options limit: default 50, max 200. */
  async history(options: { readonly limit?: number } = {}): Promise<readonly RoutingVersion[]> {
    const query = options.limit === undefined ? "" : `?limit=${options.limit}`;
    const path = `/v1/routing/history${query}`;
    return (await this.#http.json<{ readonly versions: readonly RoutingVersion[] }>({ path })).versions;
  }

  /** What mirrored requests have shown. */
  async shadows(): Promise<readonly ShadowSummary[]> {
    return (await this.#http.json<{ readonly shadows: readonly ShadowSummary[] }>({ path: "/v1/routing/shadows" }))
      .shadows;
  }

  /** Makes a new version that equals an old one. @param version 0: nothing set at run time. @throws AppError routing_version_not_found, and as {@link change}. */
  rollback(version: number, options: RoutingChangeOptions = {}): Promise<RoutingChange> {
    return this.#send("POST", "/rollback", options, { version });
  }

  /** Gives a provider no new calls; those under way go on. @throws AppError unknown_provider, and as {@link change}. */
  drain(provider: string, options: RoutingChangeOptions = {}): Promise<RoutingChange> {
    return this.#send("POST", `/providers/${encodeURIComponent(provider)}/drain`, options);
  }

  /** Gives a drained provider calls again; its share grows. @throws as {@link drain}. */
  undrain(provider: string, options: RoutingChangeOptions = {}): Promise<RoutingChange> {
    return this.#send("POST", `/providers/${encodeURIComponent(provider)}/undrain`, options);
  }

  /** Forgets a provider's breakers, rate limits and refused keys. @returns how many of its targets were known. */
  reset(provider: string, options: Asker = {}): Promise<{ readonly provider: string; readonly targets: number }> {
    return this.#send("POST", `/providers/${encodeURIComponent(provider)}/reset`, options);
  }

  /** How a request would be routed now, and why. No call is made. @throws AppError unknown_provider, strict_needs_provider, bad_request. */
  explain({ hints, tokens, maxTokens }: ExplainOptions = {}): Promise<Explanation> {
    return this.#send("POST", "/explain", {}, { hints, tokens, max_tokens: maxTokens });
  }

  #send<T>(method: "POST" | "PATCH", path: string, options: RoutingChangeOptions, body?: unknown): Promise<T> {
    const { version } = options;
    return this.#http.json<T>({
      method,
      path: `/v1/routing${path}`,
      headers: {
        ...askerHeaders(options),
        ...(version === undefined ? {} : { "if-match": `"${version}"` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
}
