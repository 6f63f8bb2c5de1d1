import { z } from "zod";
import { parseDuration } from "../core/duration.ts";
import { AppError, type Problem } from "../core/errors.ts";
import { inTextOrder, located, problemLines, readLocatedYaml } from "../core/located-yaml.ts";
import { readShape } from "../core/zod-problem.ts";
import type { Latency } from "./exchange.ts";
import { type Fault, toFault, writtenFault } from "./fault.ts";
import { type SimulatedName, simulatedNames } from "./vendors/vendor.ts";

/** A rehearsed day: who fails, how, from when to when. */
export interface OutageScript {
  /** For latencies and probabilities. Default 1. */
  readonly seed?: number;
  /** Time that a good answer takes. Default: the simulator's. */
  readonly latency?: Latency;
  readonly outages: readonly Outage[];
}

/** One fault of one provider, in milliseconds from the simulator's start. */
export interface Outage {
  readonly provider: SimulatedName;
  readonly fromMs: number;
  /** Absent: to the end. */
  readonly toMs?: number;
  readonly fault: Fault;
}

const durationError = "must be a duration such as 500ms, 10s, 2m.";
const duration = z
  .string({ error: durationError })
  .refine((text) => parseDuration(text) !== undefined, { error: durationError })
  .transform((text) => parseDuration(text) ?? 0);

const latencyError = "must be a duration such as 200ms, or min and max, the smaller first: { min: 100ms, max: 400ms }.";
const latencyRange = z
  .strictObject({ min: duration, max: duration })
  .refine(({ min, max }) => min <= max, { error: latencyError });

const written = z.strictObject({
  seed: z.int().optional(),
  latency: z.union([duration, latencyRange], { error: latencyError }).optional(),
  outages: z.array(
    z
      .strictObject({
        provider: z.enum(simulatedNames),
        from: duration.optional(),
        to: duration.optional(),
        fault: writtenFault,
      })
      .refine(({ from = 0, to }) => to === undefined || to > from, {
        error: "must be later than `from`.",
        path: ["to"],
      }),
  ),
});

/**
 * Reads an outage script, YAML or JSON.
 * @throws AppError invalid_script with every problem at once, each with line, column and a did-you-mean where there is one.
 */
export function parseOutageScript(text: string): OutageScript {
  const yaml = readLocatedYaml(text);
  if (yaml.problems.length > 0) throw failure(yaml.problems);
  const read = readShape(written, yaml.value);
  if (read.ok) return toScript(read.value);
  throw failure(inTextOrder(read.problems.map((problem) => located(problem, yaml))));
}

function toScript({ seed, latency, outages }: z.infer<typeof written>): OutageScript {
  const range = typeof latency === "number" ? { min: latency, max: latency } : latency;
  return {
    ...(seed === undefined ? {} : { seed }),
    ...(range ? { latency: { minMs: range.min, maxMs: range.max } } : {}),
    outages: outages.map(({ provider, from = 0, to, fault }) => ({
      provider,
      fromMs: from,
      ...(to === undefined ? {} : { toMs: to }),
      fault: toFault(fault),
    })),
  };
}

function failure(problems: readonly Problem[]): AppError {
  const message = `The outage script has mistakes:\n${problemLines(problems)}`;
  return new AppError("invalid_script", { message, problems });
}
