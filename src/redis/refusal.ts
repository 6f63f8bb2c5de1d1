import { AppError } from "../core/errors.ts";

/** What Redis says, and what it means for whoever asked. */
interface Refusal {
  /** Beginning of Redis's words; a script's error has them in the middle. */
  readonly says: RegExp;
  readonly code: "redis_full" | "redis_refuses" | "redis_unavailable";
  readonly message: string;
}

const refusals: readonly Refusal[] = [
  {
    says: /\bOOM command not allowed/,
    code: "redis_full",
    message: "Redis has no memory left (its maxmemory is reached), so nothing can be written.",
  },
  {
    says: /\bREADONLY\b/,
    code: "redis_refuses",
    message: "Redis is a read-only replica: REDIS_URL must name the primary, or a failover is under way.",
  },
  {
    says: /\bMISCONF\b/,
    code: "redis_refuses",
    message: "Redis cannot write to its disk, so it takes no changes: its disk may be full.",
  },
  {
    says: /\bNOREPLICAS\b/,
    code: "redis_refuses",
    message: "Redis has fewer replicas than its min-replicas-to-write asks for, so it takes no changes.",
  },
  {
    says: /^(-?)(NOAUTH|WRONGPASS|NOPERM)\b/,
    code: "redis_refuses",
    message: "Redis does not let Switchyard in: REDIS_URL's user or password is wrong, or may not use a command.",
  },
  {
    says: /\bCLUSTERDOWN\b/,
    code: "redis_refuses",
    message: "Redis Cluster is down: some of its slots are served by nobody.",
  },
  // It was restarted and forgot its scripts, or another client's script keeps it busy: asked again it answers.
  { says: /^(NOSCRIPT|BUSY|TRYAGAIN)\b/, code: "redis_unavailable", message: "Redis was busy; ask again." },
];

/** When it is worth asking again: Redis gets room or its primary back in seconds, if somebody sees to it. */
const retryAfterMs = 5_000;

/**
 * Why Redis refused a command for the state that it is in; undefined: it refused what was asked, or it is no refusal. The message has none of Redis's words,
 * and the cause stays for the log.
 */
export function refusalOf(error: unknown): AppError | undefined {
  for (const said of wordsOf(error)) {
    const found = refusals.find(({ says }) => says.test(said));
    if (found) return new AppError(found.code, { message: found.message, details: { retryAfterMs }, cause: error });
  }
  return undefined;
}

/** A transaction that was refused says only in its members why. */
function wordsOf(error: unknown): readonly string[] {
  if (!(error instanceof Error) || error instanceof AppError) return [];
  const earlier = "previousErrors" in error && Array.isArray(error.previousErrors) ? error.previousErrors : [];
  return [error, ...earlier].flatMap((one) => (one instanceof Error ? [one.message] : []));
}
