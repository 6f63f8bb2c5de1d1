import type { Redis } from "ioredis";
import type { AuditEntry } from "../core/audit.ts";
import type { Keys } from "../redis/keys.ts";

/** What somebody asks for, as it is written before it is done. */
export type AuditAsked = Pick<AuditEntry, "tenant" | "by" | "keyId" | "what" | "path" | "from">;

/** What became of it. */
export type AuditResult = Pick<AuditEntry, "status" | "error">;

/** Which entries are read. */
export interface AuditQuery {
  readonly limit: number;
  /** The log goes on behind this entry. */
  readonly before?: string | undefined;
  /** Only this tenant's. Absent: all. */
  readonly tenant?: string | undefined;
}

/** Lines of the stream, two an entry; the oldest go. */
const keptLines = 200_000;
const pageLines = 1_000;

/** A line of the stream: something that was asked for, or what became of it. */
type Line = { readonly asked: AuditAsked } | { readonly of: string; readonly result: AuditResult };

/**
 * Who changed what, a capped stream of Redis. Each change is written before it is done, and again when it is answered: if the process dies in between, the log says that
 * nobody knows what became of it.
 */
export class AuditLog {
  readonly #redis: Redis;
  readonly #keys: Keys;

  /** @param redis an impatient connection */
  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** Writes what is about to be done. @returns the entry's id */
  async begin(asked: AuditAsked): Promise<string> {
    return (await this.#add({ asked })) ?? "";
  }

  /** Writes what became of it. */
  async end(id: string, result: AuditResult): Promise<void> {
    await this.#add({ of: id, result });
  }

  /** Entries, the newest first; `next` is the `before` of the next page, null on the last. */
  async read({
    limit,
    before,
    tenant,
  }: AuditQuery): Promise<{ readonly entries: readonly AuditEntry[]; readonly next: string | null }> {
    const results = before === undefined ? new Map<string, AuditResult>() : await this.#resultsBehind(before);
    const entries: AuditEntry[] = [];
    let end = before === undefined ? "+" : `(${before}`;
    for (;;) {
      const lines = await this.#redis.xrevrange(this.#keys.access.audit, end, "-", "COUNT", pageLines);
      for (const [id, [, text]] of lines) {
        const line = JSON.parse(text ?? "{}") as Line;
        if ("of" in line) results.set(line.of, line.result);
        else if (tenant === undefined || line.asked.tenant === tenant) {
          if (entries.length === limit) return { entries, next: entries.at(-1)?.id ?? null };
          entries.push({ id, at: Number.parseInt(id, 10), ...line.asked, status: null, ...results.get(id) });
        }
      }
      const last = lines.at(-1);
      if (!last || lines.length < pageLines) return { entries, next: null };
      end = `(${last[0]}`;
    }
  }

  /** What became of entries before one may stand behind it. */
  async #resultsBehind(id: string): Promise<Map<string, AuditResult>> {
    const results = new Map<string, AuditResult>();
    for (const [, [, text]] of await this.#redis.xrange(this.#keys.access.audit, id, "+", "COUNT", pageLines)) {
      const line = JSON.parse(text ?? "{}") as Line;
      if ("of" in line) results.set(line.of, line.result);
    }
    return results;
  }

  #add(line: Line): Promise<string | null> {
    return this.#redis.xadd(this.#keys.access.audit, "MAXLEN", "~", keptLines, "*", "line", JSON.stringify(line));
  }
}
