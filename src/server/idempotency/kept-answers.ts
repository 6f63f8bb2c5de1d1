import type { Redis } from "ioredis";
import { z } from "zod";
import { answered } from "../../engine/answered.ts";
import type { Keys } from "../../redis/keys.ts";
import { loadScript } from "../../redis/script.ts";

/** Time after which another request may take the turn of a process that died. */
const leaseMs = 5_000;
/** How often a request under way says so. */
export const renewEveryMs = 1_500;

/** An answer as it was given. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Text, also of a stream; Base64 where it is sealed. */
  readonly body: string;
  readonly isSealed: boolean;
}

/** What became of an idempotency key: the request may be carried out now, or it was, or is. */
export type Claim =
  | { readonly type: "mine" }
  /** The key was used for another request. */
  | { readonly type: "other" }
  | { readonly type: "busy"; readonly leftMs: number }
  | { readonly type: "kept"; readonly answer: KeptAnswer }
  /** It was carried out, and its answer is not there. */
  | { readonly type: "lost" };

/** What the store stands on. */
export interface KeptAnswersParts {
  /** An impatient connection. */
  readonly redis: Redis;
  readonly keys: Pick<Keys, "answer">;
  /** How long an answer is kept. */
  readonly keepMs: number;
  /** Largest body that is kept. */
  readonly limitBytes: number;
}

const claimScript = loadScript("answer_claim", new URL("../lua/answer_claim.lua", import.meta.url));
const renewScript = loadScript("answer_renew", new URL("../lua/answer_renew.lua", import.meta.url));
const keepScript = loadScript("answer_keep", new URL("../lua/answer_keep.lua", import.meta.url));
const freeScript = loadScript("answer_free", new URL("../lua/answer_free.lua", import.meta.url));

const claimShape = z.union([
  z.tuple([z.enum(["mine", "other", "lost"])]).transform(([type]): Claim => ({ type })),
  z.tuple([z.literal("busy"), z.number()]).transform(([type, leftMs]): Claim => ({ type, leftMs })),
  z.tuple([z.literal("kept"), z.string(), z.string()]).transform(([type, head, body]): Claim => {
    return { type, answer: { ...headShape.parse(JSON.parse(head)), body } };
  }),
]);
const headShape = z.object({
  status: z.number(),
  headers: z.record(z.string(), z.string()),
  isSealed: z.boolean(),
});

/**
 * Answers by idempotency key, shared by all servers. A record is under way (a token with a lease), done (with its answer, or without one), or not there. Who claims it
 * moves it to under way, and alone moves it on: a token that was replaced after its lease is refused.
 */
export class KeptAnswers {
  readonly limitBytes: number;
  readonly #parts: KeptAnswersParts;

  constructor(parts: KeptAnswersParts) {
    this.#parts = parts;
    this.limitBytes = parts.limitBytes;
  }

  /** Takes the turn, or says why not. @throws AppError redis_unavailable */
  async claim(record: string, fingerprint: string, token: string): Promise<Claim> {
    return claimShape.parse(
      await this.#run(claimScript, record, [fingerprint, token, leaseMs, Math.max(this.#parts.keepMs, leaseMs)]),
    );
  }

  /** Begins the lease anew. @returns false: another request has the turn @throws AppError redis_unavailable */
  async renew(record: string, token: string): Promise<boolean> {
    return (await this.#run(renewScript, record, [token, leaseMs])) === 1;
  }

  /** Keeps the answer; undefined: it was done, its answer is not kept. @returns false: another request has the turn, or it is done @throws AppError redis_unavailable */
  async keep(record: string, token: string, answer: KeptAnswer | undefined): Promise<boolean> {
    const { body = "", ...head } = answer ?? {};
    const stored = answer ? JSON.stringify(head) : "";
    return (await this.#run(keepScript, record, [token, this.#parts.keepMs, stored, body])) === 1;
  }

  /** Nothing was made: the key may be used for anything. @throws AppError redis_unavailable */
  async free(record: string, token: string): Promise<void> {
    await this.#run(freeScript, record, [token]);
  }

  #run(script: typeof claimScript, record: string, args: readonly (string | number)[]): Promise<unknown> {
    const { redis, keys } = this.#parts;
    return answered(() => script.run(redis, [keys.answer(record)], args));
  }
}
