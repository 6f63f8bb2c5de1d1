import { Job, type Queue, type RedisQueueBackend } from "bullmq";
import { Packr } from "msgpackr";
import type { JsonObject } from "../core/json.ts";
import type { ScriptValue } from "../redis/script.ts";
import type { JobData, PlannedJob } from "./job.ts";

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

/**
 * What BullMQ's script `addPrioritizedJob` is given for a job, its keys first; null: another script adds it (it is delayed, or has no priority).
 * BullMQ makes the values itself, for a client that only writes them down.
 */
export async function prioritizedJobValues(
  queue: Queue<JobData>,
  { name, data, opts }: PlannedJob,
): Promise<readonly ScriptValue[] | null> {
  let values: readonly BullValue[] | null = null;
  const client = {
    runCommand: (command: string, given: readonly BullValue[]) => {
      if (command.startsWith("addPrioritizedJob:")) values = given;
      return opts.jobId;
    },
  };
  const job = new Job(queue, name, data, { ...opts }, opts.jobId);
  await job.addJob(client as unknown as Parameters<RedisQueueBackend["addJobToTransaction"]>[0]);
  return values && plainValues(values);
}
