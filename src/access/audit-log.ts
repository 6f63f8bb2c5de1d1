import type { Redis } from "ioredis";
import type { AuditEntry } from "../core/audit.ts";
import type { Keys } from "../redis/keys.ts";

/** What somebody asks for, as it is written before it is done. */
export type AuditAsked = Pick<AuditEntry, "tenant" | "by" | "keyId" | "what" | "path" | "from">;

/** What became of it. */
export type AuditResult = Pick<AuditEntry, "status" | "error" | "made">;

/** Which entries are read. */
export interface AuditQuery {
  readonly limit: number;
  /** The log goes on behind this entry. */
  readonly before?: string | undefined;
  /** Only this tenant's. Absent: all. */
  readonly tenant?: string | undefined;
}

/**
 * In which of its two parts a change is kept: what is begun (runs, plans, workflows, deliveries, logins), and what changes things that are there (`operate`, `admin`).
 * Each part loses its own oldest lines, so that a flood of submissions takes no change of keys or routing with it.
 */
export type AuditPart = "begun" | "changed";

/** Lines of a part, two an entry; the oldest go. */
const keptLines = 200_000;
const pageLines = 1_000;

/** Ends the ids of entries of `begun`: both parts are numbered by the same clock. */
const begunMark = "b";

/** A line of the stream: something that was asked for, perhaps with what became of it; or that alone, later. */
type Line =
  | { readonly asked: AuditAsked; readonly result?: AuditResult }
  | { readonly of: string; readonly result: AuditResult };

/**
 * Who changed what, capped streams of Redis. Each change is written before it is done, and again when it is answered: if the process dies in between, the log says that
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
  async begin(asked: AuditAsked, part: AuditPart = "changed"): Promise<string> {
    return idOf((await this.#add(part, { asked })) ?? "", part);
  }

  /** Writes what became of it. */
  async end(id: string, result: AuditResult): Promise<void> {
    const { part, at } = placeOf(id);
    await this.#add(part, { of: at, result });
  }

  /** Writes what was done already, with what became of it. */
  async note(asked: AuditAsked, result: AuditResult, part: AuditPart = "changed"): Promise<void> {
    await this.#add(part, { asked, result });
  }

  /** Entries, the newest first; `next` is the `before` of the next page, null on the last. */
  async read({
    limit,
    ...query
  }: AuditQuery): Promise<{ readonly entries: readonly AuditEntry[]; readonly next: string | null }> {
    const entries: AuditEntry[] = [];
    for await (const entry of this.entries(query)) {
      if (entries.length === limit) return { entries, next: entries.at(-1)?.id ?? null };
      entries.push(entry);
    }
    return { entries, next: null };
  }

  /** All entries, the newest first. */
  async *entries({ before, tenant }: Omit<AuditQuery, "limit"> = {}): AsyncGenerator<AuditEntry, void> {
    const changed = this.#entriesOf("changed", tenant, before);
    const begun = this.#entriesOf("begun", tenant, before);
    let [a, b] = await Promise.all([changed.next(), begun.next()]);
    while (!a.done || !b.done) {
      if (!a.done && (b.done || isNewer(a.value.id, b.value.id))) {
        yield a.value;
        a = await changed.next();
      } else if (!b.done) {
        yield b.value;
        b = await begun.next();
      }
    }
  }

  async *#entriesOf(part: AuditPart, tenant: string | undefined, before: string | undefined) {
    const from = before === undefined ? undefined : placeOf(before);
    const results = from ? await this.#resultsBehind(part, from.at) : new Map<string, AuditResult>();
    // Of two entries with the same number the one of `changed` comes first.
    const isShown = from && (part === from.part || part === "changed");
    let end = from ? `${isShown ? "(" : ""}${from.at}` : "+";
    for (;;) {
      const lines = await this.#redis.xrevrange(this.#keyOf(part), end, "-", "COUNT", pageLines);
      for (const [at, line] of lines.map(parsed)) {
        if ("of" in line) results.set(line.of, line.result);
        else if (tenant === undefined || line.asked.tenant === tenant)
          yield entryOf(idOf(at, part), line.asked, line.result ?? results.get(at));
      }
      const last = lines.at(-1);
      if (!last || lines.length < pageLines) return;
      end = `(${last[0]}`;
    }
  }

  /** What became of entries before one may stand behind it. */
  async #resultsBehind(part: AuditPart, at: string): Promise<Map<string, AuditResult>> {
    const lines = await this.#redis.xrange(this.#keyOf(part), at, "+", "COUNT", pageLines);
    return new Map(lines.map(parsed).flatMap(([, line]) => ("of" in line ? [[line.of, line.result]] : [])));
  }

  #add(part: AuditPart, line: Line): Promise<string | null> {
    return this.#redis.xadd(this.#keyOf(part), "MAXLEN", "~", keptLines, "*", "line", JSON.stringify(line));
  }

  #keyOf(part: AuditPart): string {
    return part === "changed" ? this.#keys.access.audit : this.#keys.access.begun;
  }
}

function parsed([at, [, text]]: [string, string[]]): readonly [string, Line] {
  return [at, JSON.parse(text ?? "{}") as Line];
}

function entryOf(id: string, asked: AuditAsked, result: AuditResult | undefined): AuditEntry {
  return { id, at: Number.parseInt(id, 10), ...asked, status: null, ...result };
}

function idOf(at: string, part: AuditPart): string {
  return part === "changed" ? at : `${at}${begunMark}`;
}

function placeOf(id: string): { readonly part: AuditPart; readonly at: string } {
  return id.endsWith(begunMark) ? { part: "begun", at: id.slice(0, -1) } : { part: "changed", at: id };
}

/** Whether the entry of `changed` comes before that of `begun`. */
function isNewer(changed: string, begun: string): boolean {
  const [ms = 0, count = 0] = changed.split("-").map(Number);
  const [otherMs = 0, otherCount = 0] = placeOf(begun).at.split("-").map(Number);
  return ms > otherMs || (ms === otherMs && count >= otherCount);
}
