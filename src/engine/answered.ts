import { AppError } from "../core/errors.ts";
import { isUnreachable } from "../redis/connection.ts";

/** A request that Redis has not answered within this time is answered with redis_unavailable. */
const answerWithinMs = 1_900;

/** The answer of `work`, or redis_unavailable if Redis is away or silent. What was begun may still happen: the idempotency key makes a repetition safe. */
export async function answered<T>(work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(
      () => fail(new AppError("redis_unavailable", { details: { retryAfterMs: 1_000 } })),
      answerWithinMs,
    );
  });
  try {
    return await Promise.race([work(), late]);
  } catch (error) {
    if (isUnreachable(error))
      throw new AppError("redis_unavailable", { cause: error, details: { retryAfterMs: 1_000 } });
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
