import type { AccessKey, NewAccessKey } from "../core/access-key.ts";
import type { AuditEntry } from "../core/audit.ts";
import type { Scope } from "../core/principal.ts";
import { type Asker, askerHeaders } from "./asker.ts";
import { chunksOf, type Http } from "./http.ts";

/** Keys and the audit log; all of it needs `admin`. */
export class AccessClient {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** The keys that the asker may see, without what they are made of. @throws AppError forbidden */
  async keys(): Promise<readonly AccessKey[]> {
    return (await this.#http.json<{ readonly keys: readonly AccessKey[] }>({ path: "/v1/keys" })).keys;
  }

  /** Makes a key; its text is in this answer and in no other. @param request expires: a duration such as 90d @throws AppError forbidden, bad_request */
  create(
    request: {
      readonly name: string;
      readonly scopes: readonly Scope[];
      readonly tenant?: string;
      readonly expires?: string;
    },
    asker: Asker = {},
  ): Promise<NewAccessKey> {
    const headers = { "content-type": "application/json", ...askerHeaders(asker) };
    return this.#http.json({ method: "POST", path: "/v1/keys", headers, body: JSON.stringify(request) });
  }

  /** Gives a key another secret; its text is in this answer and in no other. @param options grace: for how long the secret before opens too, such as 1h @throws AppError key_not_found */
  rotate(id: string, options: { readonly grace?: string } = {}, asker: Asker = {}): Promise<NewAccessKey> {
    const path = `/v1/keys/${encodeURIComponent(id)}/rotate`;
    const headers = { "content-type": "application/json", ...askerHeaders(asker) };
    return this.#http.json({ method: "POST", path, headers, body: JSON.stringify(options) });
  }

  /** Takes a key back. @throws AppError key_not_found */
  revoke(id: string): Promise<AccessKey> {
    return this.#http.json({ method: "DELETE", path: `/v1/keys/${encodeURIComponent(id)}` });
  }

  /** The whole audit log as lines of JSON, the newest entry first. @throws AppError forbidden */
  async *auditLines(): AsyncGenerator<string> {
    const { body } = await this.#http.open({ path: "/v1/audit", headers: { accept: "application/x-ndjson" } });
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of chunksOf(body)) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  }

  /** Who changed what, the newest first. @param options limit: default 100; before: `next` of the page before. @throws AppError forbidden */
  audit(
    options: { readonly limit?: number; readonly before?: string } = {},
  ): Promise<{ readonly entries: readonly AuditEntry[]; readonly next: string | null }> {
    const { limit = 100, before } = options;
    const query = new URLSearchParams({ limit: String(limit), ...(before === undefined ? {} : { before }) });
    return this.#http.json({ path: `/v1/audit?${query}` });
  }
}
