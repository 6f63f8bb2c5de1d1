import type { Redis } from "ioredis";
import { z } from "zod";
import { AppError } from "../core/errors.ts";
import { gathered } from "../redis/gathered.ts";
import type { Keys } from "../redis/keys.ts";
import { loadScript } from "../redis/script.ts";
import { recordAlone, settleAlone } from "./alone.ts";
import { bounded, type Reachability } from "./bounded.ts";
import { batchOf, type CallEntry } from "./call-batch.ts";
import type { FleetQuestion, Snapshot } from "./fleet.ts";
import type { Memory } from "./memory.ts";
import { rules } from "./rules.ts";
import { type Asked, learnCalled, remembered } from "./snapshot.ts";

/** What calls are recorded with. */
export interface RecordingParts {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly memory: Memory;
  readonly reachability: Reachability;
  readonly asked: (question: FleetQuestion, version: number) => Asked;
  readonly learned: (answer: unknown, question: FleetQuestion) => Snapshot;
  /** For the scripts: 0, or the caller's clock. */
  readonly time: () => number;
  /** Epoch milliseconds, by Redis's clock as far as it is known. */
  readonly now: () => number;
}

/** A call that begins, or one that ends with what shall be known after it. */
export type Entry =
  | Extract<CallEntry, { type: "begun" }>
  | (Extract<CallEntry, { type: "ended" }> & { readonly question: FleetQuestion });

const script = loadScript("record", new URL("./lua/record.lua", import.meta.url));
const rulesText = JSON.stringify(rules);
const answerShape = z.array(z.string());

/**
 * Records calls that begin where no limit holds them back, and calls that end. What comes in one turn of the event loop is one command, in the order in which it came.
 * @returns takes a call; resolves to what answers the questions of that turn
 */
export function recording(parts: RecordingParts): (entry: Entry) => Promise<(question: FleetQuestion) => Snapshot> {
  const { redis, keys, memory, reachability, asked, learned, time, now } = parts;
  return gathered(async (entries: readonly Entry[]) => {
    const ended = entries.filter((entry) => entry.type === "ended");
    const questions = distinct(ended.map(({ question }) => question));
    const batch = batchOf(entries, keys);
    const put = questions.map((question) => asked(question, memory.routing.version));
    const touched = [...batch.keys, ...put.flatMap((one) => one.keys)];
    const args = [time(), rulesText, batch.text, ...put.flatMap((one) => one.args)];
    const answer = await bounded(
      reachability,
      () => script.run(redis, touched, args),
      ended.length > 0 ? "send" : "skip",
    );
    for (const { report } of ended) settleAlone(report, now(), memory);
    if (answer.type === "away") {
      for (const { report, draw } of ended) recordAlone(report, now(), draw, memory);
      return (question) => remembered(question, now(), memory);
    }
    const texts = learnCalled(answerShape.parse(answer.value), batch.called, memory);
    const snapshots = questions.map((question, i) => learned(texts[i], question));
    return (question) => {
      const snapshot = snapshots[questions.findIndex((one) => isSame(one, question))];
      if (!snapshot) throw new AppError("internal", { message: "A question about the fleet was not put." });
      return snapshot;
    };
  });
}

/** Whether two questions have one answer. */
export function isSame(one: FleetQuestion, other: FleetQuestion): boolean {
  if (one === other) return true;
  const { targets, uses, count, affinity } = one;
  return (
    isSameList(targets, other.targets) &&
    isSameList(uses, other.uses) &&
    count === other.count &&
    affinity === other.affinity
  );
}

/** Most questions have their lists from one that is remembered. */
function isSameList(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one === other || (one.length === 0 && other.length === 0);
}

function distinct(questions: readonly FleetQuestion[]): readonly FleetQuestion[] {
  const found: FleetQuestion[] = [];
  for (const question of questions) if (!found.some((one) => isSame(one, question))) found.push(question);
  return found;
}
