import { addPrioritizedJob, moveToActive, moveToFinished } from "bullmq/dist/cjs/scripts/index.js";
import { loadScript } from "../redis/script.ts";

/** A worker's handover: what BullMQ does with the job is a part of it. */
export const settleScript = loadScript("settle", new URL("./lua/settle.lua", import.meta.url), {
  add_prioritized_job: addPrioritizedJob,
  move_to_finished: moveToFinished,
});

/** The first handover of a worker that had no job. */
export const nextJobScript = loadScript("next_job", new URL("./lua/next_job.lua", import.meta.url), {
  move_to_active: moveToActive,
});
