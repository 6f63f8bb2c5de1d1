import { Job, type Queue, type RedisQueueBackend, type Worker } from "bullmq";
import { Packr } from "msgpackr";
import type { JsonObject } from "../core/json.ts";
import type { ScriptValue } from "../redis/script.ts";
import type { JobData, PlannedJob } from "./job.ts";
import { type Fill, templateOf } from "./value-template.ts";

/*
 * What BullMQ gives to its scripts, for ours that call them. BullMQ makes it, once for a sample; a job's own values are put in the sample's places: to have them
 * made, packed and unpacked for each job takes longer than the rest of its command.
 */

/** What BullMQ gives to a script of its own. */
export type BullValue = string | number | boolean | Buffer | null | undefined;

const packr = new Packr({ useRecords: false });

/** Values for a script of BullMQ's as a script of ours passes them on: what it packs is left unpacked. */
export function plainValues(values: readonly BullValue[]): readonly ScriptValue[] {
  return values.map((value) => {
    if (Buffer.isBuffer(value)) return packr.unpack(value) as JsonObject;
    return typeof value === "number" ? value : String(value ?? "");
  });
}

type Addition = Fill<"id" | "name" | "data" | "priority" | "at">;
type Completion = Fill<"id" | "lock" | "attempts" | "at">;

/** What a sample has in its places. */
const marks = { id: "<id>", name: "<name>", lock: "<lock>", priority: 2_000_003, attempts: 999_983 } as const;
const markedData = { run: "<run>", workflow: "<workflow>", version: 0 } as const satisfies JobData;

/** Makes what BullMQ's script `addPrioritizedJob` is given for a job of a queue, its keys first. */
export class Additions {
  readonly #queue: Queue<JobData>;
  #fill: Promise<Addition> | undefined;

  constructor(queue: Queue<JobData>) {
    this.#queue = queue;
  }

  /** Null: another script adds the job (it is delayed, or has no priority). @param at epoch milliseconds */
  async of({ name, data, opts }: PlannedJob, at: number): Promise<readonly ScriptValue[] | null> {
    const { jobId: id, priority, delay } = opts;
    if (priority === undefined || delay !== undefined) return null;
    this.#fill ??= this.#sampled(opts);
    const fill = await this.#fill;
    return fill({ id, name, data: JSON.stringify(data), priority, at });
  }

  /** @param opts of some job: those of others differ in id and priority alone */
  async #sampled(opts: PlannedJob["opts"]): Promise<Addition> {
    const { id, name, priority } = marks;
    let values: readonly BullValue[] = [];
    // A client that only writes down what it is given.
    const client = {
      runCommand: (command: string, given: readonly BullValue[]) => {
        if (command.startsWith("addPrioritizedJob:")) values = given;
        return id;
      },
    };
    const job = new Job(this.#queue, name, markedData, { ...opts, jobId: id, priority }, id);
    await job.addJob(client as unknown as Parameters<RedisQueueBackend["addJobToTransaction"]>[0]);
    const data = JSON.stringify(markedData);
    return templateOf(plainValues(values), { id, name, data, priority, at: job.timestamp });
  }
}

/** Makes what BullMQ's script `moveToFinished` is given to finish a job of a worker as completed, its keys first. */
export class Completions {
  readonly #worker: Worker<JobData>;
  #goingOn: Completion | undefined;
  #last: Completion | undefined;

  constructor(worker: Worker<JobData>) {
    this.#worker = worker;
  }

  /** The next job is taken with it, where the worker goes on. @param lock the token of the job's lock @param at epoch milliseconds */
  of(job: Job<JobData>, lock: string, at: number): readonly ScriptValue[] {
    const goesOn = !(this.#worker.closing || this.#worker.isPaused());
    let fill: Completion;
    if (goesOn) fill = this.#goingOn ??= this.#sampled(true);
    else fill = this.#last ??= this.#sampled(false);
    return fill({ id: job.id ?? "", lock, attempts: job.opts.attempts ?? 0, at });
  }

  #sampled(goesOn: boolean): Completion {
    const { id, lock, attempts } = marks;
    const backend = this.#worker.getBackend() as RedisQueueBackend;
    const job = { id, opts: { attempts } } as Job<JobData>;
    const kept = this.#worker.opts.removeOnComplete ?? false;
    const values = plainValues(backend.moveToCompletedArgs(job, "null", kept, lock, goesOn));
    const at = Number(values[values.indexOf(id) + 1]);
    return templateOf(values, { id, lock, attempts, at });
  }
}
