import { setTimeout as sleep } from "node:timers/promises";
import { type KeptAnswer, type KeptAnswers, renewEveryMs } from "./kept-answers.ts";
import { type SealParts, sealed } from "./seal.ts";

/** Longest time that a turn is held: more than any request takes. What nobody ends by then is left to its lease. */
const longestMs = 20 * 60_000;
/** What could not be written is tried again that often, each second. */
const triesAgain = 60;

/** How a turn is held. */
export interface TurnOptions {
  readonly answers: KeptAnswers;
  readonly record: string;
  readonly token: string;
  /** Its answer is kept, not only who is under way. */
  readonly keepsAnswer: boolean;
  /** Its answer holds a secret: how it is sealed; null: it cannot be, so it is not kept. */
  readonly seal?: Omit<SealParts, "record"> | null;
}

/**
 * The right of one request to be carried out for its idempotency key. It says that it is under way until it ends: with an answer that is kept, or with nothing made.
 * A process that dies loses it after seconds.
 */
export class Turn {
  readonly #options: TurnOptions;
  readonly #renewing: NodeJS.Timeout;
  readonly #begunAt = performance.now();
  #hasEnded = false;

  constructor(options: TurnOptions) {
    this.#options = options;
    this.#renewing = setInterval(() => this.#renew(), renewEveryMs);
    this.#renewing.unref();
  }

  /** Nothing more can be said of it. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Characters of a body beyond which it is not kept. */
  get limit(): number {
    return this.#options.answers.limitBytes;
  }

  /**
   * The request was carried out. What cannot be written now is tried again in the background, with the turn held.
   * @param answer undefined: there is one, but it cannot be kept
   */
  async done(answer: Omit<KeptAnswer, "isSealed"> | undefined): Promise<void> {
    if (!this.#options.keepsAnswer) return this.free();
    const { answers, record, token } = this.#options;
    const kept = this.#keepable(answer);
    await this.#end(() => answers.keep(record, token, kept));
  }

  /** The request has made nothing, or what it made bears the key itself: the next request of the key is carried out. */
  async free(): Promise<void> {
    const { answers, record, token } = this.#options;
    await this.#end(() => answers.free(record, token));
  }

  #keepable(answer: Omit<KeptAnswer, "isSealed"> | undefined): KeptAnswer | undefined {
    const { seal, record, answers } = this.#options;
    if (answer === undefined || seal === null) return undefined;
    if (Buffer.byteLength(answer.body) > answers.limitBytes) return undefined;
    if (seal === undefined) return { ...answer, isSealed: false };
    return { ...answer, body: sealed(answer.body, { ...seal, record }), isSealed: true };
  }

  async #end(write: () => Promise<unknown>): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    try {
      await write();
      clearInterval(this.#renewing);
    } catch {
      void this.#tryAgain(write);
    }
  }

  async #tryAgain(write: () => Promise<unknown>): Promise<void> {
    for (let tries = 0; tries < triesAgain; tries++) {
      await sleep(1_000, undefined, { ref: false });
      try {
        await write();
        break;
      } catch {
        // Redis is still away; until it is back, nobody else can have the turn either.
      }
    }
    clearInterval(this.#renewing);
  }

  #renew(): void {
    const { answers, record, token } = this.#options;
    if (performance.now() - this.#begunAt > longestMs) clearInterval(this.#renewing);
    else answers.renew(record, token).catch(() => undefined);
  }
}
