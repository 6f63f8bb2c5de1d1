import type { Queue } from "bullmq";
import { CronExpressionParser } from "cron-parser";
import type { Redis } from "ioredis";
import { AppError, type Problem } from "../core/errors.ts";
import { isTerminal, type RunStatus } from "../core/run.ts";
import type { Schedule } from "../core/schedule.ts";
import { fullKey, ownName, tenantOf } from "../core/tenant.ts";
import type { Keys } from "../redis/keys.ts";
import type { ScheduleRequest, SubmitRequest } from "./engine.ts";
import type { JobData } from "./job.ts";
import { checkSubmission, type SubmitParts, submit } from "./submit.ts";

/** Name of the jobs that begin scheduled runs. */
export const scheduleJob = "schedule";

/** What schedules need. */
export interface SchedulesParts {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly queue: Queue<JobData>;
  readonly clock: () => number;
  /** @returns the run's id */
  readonly submit: (request: SubmitRequest) => Promise<string>;
  /** Checks that such a run could be submitted. @throws AppError */
  readonly check: (request: SubmitRequest) => Promise<void>;
}

/** The schedules of the fleet, their runs submitted by these parts. */
export function schedulesBy(submitting: SubmitParts): Schedules {
  const { redis, keys, clock, dispatcher } = submitting;
  return new Schedules({
    redis,
    keys,
    clock,
    queue: dispatcher.queues.control,
    check: (request) => checkSubmission(submitting, request),
    submit: async (request) => (await submit(submitting, request)).id,
  });
}

type Stored = Omit<Schedule, "nextAt" | "lastRun">;

/**
 * The schedules of the fleet. Each is a record in Redis and a job scheduler of BullMQ, which brings a job at each time; whichever worker gets it submits the run, under an
 * idempotency key made of schedule and time, so that a job which comes twice begins one run.
 */
export class Schedules {
  readonly #parts: SchedulesParts;

  constructor(parts: SchedulesParts) {
    this.#parts = parts;
  }

  /** Sets a schedule, in place of one of that id. @throws AppError bad_request, workflow_not_found, invalid_input, unknown_provider */
  async set(request: ScheduleRequest): Promise<Schedule> {
    const { redis, keys, clock, check } = this.#parts;
    const {
      id,
      workflow,
      cron,
      by,
      version = null,
      input = {},
      hints = {},
      timezone = "UTC",
      overlap = "allow",
    } = request;
    checkTimes(cron, timezone, clock());
    await check(submission({ workflow, version, input, hints }));
    const stored: Stored = { id, workflow, version, input, hints, cron, timezone, overlap, by, createdAt: clock() };
    await redis.hset(keys.schedules, id, JSON.stringify(stored));
    await this.#upsert(stored);
    return this.#shown(stored);
  }

  /** By id. @param tenant only this one's. Default: all */
  async list(tenant?: string): Promise<readonly Schedule[]> {
    const found = (await this.#stored()).filter(({ id }) => tenant === undefined || tenantOf(id) === tenant);
    return Promise.all(found.map((stored) => this.#shown(stored)));
  }

  /** @throws AppError schedule_not_found */
  async show(id: string): Promise<Schedule> {
    const { redis, keys } = this.#parts;
    const text = await redis.hget(keys.schedules, id);
    if (text) return this.#shown(JSON.parse(text) as Stored);
    throw await this.#missing(id);
  }

  /** @throws AppError schedule_not_found */
  async remove(id: string): Promise<void> {
    const { redis, keys, queue } = this.#parts;
    const removed = await redis.hdel(keys.schedules, id);
    await queue.removeJobScheduler(schedulerId(id));
    await redis.hdel(keys.schedules, lastField(id));
    if (removed === 0) throw await this.#missing(id);
  }

  async #missing(id: string): Promise<AppError> {
    const mine = (await this.#stored()).filter((schedule) => tenantOf(schedule.id) === tenantOf(id));
    const known = mine.map((schedule) => ownName(schedule.id));
    const list = known.length > 0 ? `Schedules: ${known.join(", ")}.` : "There is none.";
    return new AppError("schedule_not_found", { message: `No schedule is called ${ownName(id)}. ${list}` });
  }

  /** Adds the job schedulers that are missing: after a crash between record and scheduler, or when somebody emptied the queue. */
  async restore(): Promise<void> {
    for (const stored of await this.#stored()) {
      if (!(await this.#parts.queue.getJobScheduler(schedulerId(stored.id)))) await this.#upsert(stored);
    }
  }

  /** Begins the run of one time. @param jobId names that time: the same job begins one run */
  async begin(id: string, jobId: string): Promise<void> {
    const { redis, keys, submit } = this.#parts;
    const [text, last] = await redis.hmget(keys.schedules, id, lastField(id));
    if (!text) return;
    const stored = JSON.parse(text) as Stored;
    if (stored.overlap === "skip" && last) {
      const status = await redis.hget(keys.run(last).run, "status");
      if (status && !isTerminal(status as RunStatus)) return;
    }
    const idempotencyKey = fullKey(tenantOf(id), `schedule:${ownName(id)}:${jobId}`);
    const run = await submit({ ...submission(stored), idempotencyKey });
    await redis.hset(keys.schedules, lastField(id), run);
  }

  async #stored(): Promise<readonly Stored[]> {
    const { redis, keys } = this.#parts;
    const found = await redis.hgetall(keys.schedules);
    return Object.entries(found)
      .filter(([field]) => !field.startsWith(lastMark))
      .map(([, text]) => JSON.parse(text) as Stored)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async #shown(stored: Stored): Promise<Schedule> {
    const { redis, keys, queue } = this.#parts;
    const [scheduler, lastRun] = await Promise.all([
      queue.getJobScheduler(schedulerId(stored.id)),
      redis.hget(keys.schedules, lastField(stored.id)),
    ]);
    return { ...stored, nextAt: scheduler?.next ?? null, lastRun };
  }

  async #upsert({ id, cron, timezone }: Stored): Promise<void> {
    const job = {
      name: scheduleJob,
      data: { run: "", workflow: "", version: 0, schedule: id },
      opts: { removeOnComplete: true, removeOnFail: 20, attempts: 20, backoff: { type: "exponential", delay: 1_000 } },
    };
    await this.#parts.queue.upsertJobScheduler(schedulerId(id), { pattern: cron, tz: timezone }, job);
  }
}

const lastMark = "last of ";

function lastField(id: string): string {
  return `${lastMark}${id}`;
}

function schedulerId(id: string): string {
  return `schedule-${id}`;
}

function submission({
  workflow,
  version,
  input,
  hints,
}: Pick<Stored, "workflow" | "version" | "input" | "hints">): SubmitRequest {
  return { workflow, input, hints, ...(version === null ? {} : { version }) };
}

/** @throws AppError bad_request with everything that is wrong */
function checkTimes(cron: string, timezone: string, now: number): void {
  const problems: Problem[] = [];
  const isZone = isTimeZone(timezone);
  if (!isZone)
    problems.push({ path: "timezone", message: `"${timezone}" is no time zone; one looks like Europe/Berlin.` });
  try {
    if (cron.trim().split(/\s+/).length < 5) throw new Error("it has fewer than five fields");
    CronExpressionParser.parse(cron, { currentDate: new Date(now), tz: isZone ? timezone : "UTC" }).next();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    problems.push({
      path: "cron",
      message: `"${cron}" cannot be read: ${why}. Five fields: minute, hour, day of month, month, day of week, as in 0 7 * * 1-5.`,
    });
  }
  if (problems.length === 0) return;
  const message = `The schedule has mistakes: ${problems.map((one) => `${one.path}: ${one.message}`).join(" ")}`;
  throw new AppError("bad_request", { message, problems });
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
