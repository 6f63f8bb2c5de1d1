import { isMap, LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { parseDuration } from "../core/duration.ts";
import { AppError, type Problem } from "../core/errors.ts";
import { placeOf, readShape } from "../core/zod-problem.ts";
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
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number | undefined): Pick<Problem, "line" | "column"> => {
    if (offset === undefined) return {};
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  if (document.errors.length > 0) {
    throw failure(document.errors.map((error) => ({ path: "", message: error.message, ...at(error.pos[0]) })));
  }
  const read = readShape(written, document.toJS() ?? {});
  if (read.ok) return toScript(read.value);
  const offsetOf = (path: readonly PropertyKey[], key?: string): number | undefined => {
    const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
    if (key !== undefined && isMap(node)) {
      const pair = node.items.find((item) => String(item.key) === key);
      return (pair?.key as { range?: readonly number[] } | undefined)?.range?.[0];
    }
    const range = (node as { range?: readonly number[] } | undefined)?.range;
    if (range) return range[0];
    return path.length > 0 ? offsetOf(path.slice(0, -1)) : 0;
  };
  throw failure(
    read.problems
      .map((problem) => ({
        path: placeOf(problem),
        message: problem.message,
        ...at(offsetOf(problem.path, problem.key)),
      }))
      .sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)),
  );
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
  const lines = problems.map(({ line, column, path, message }) => {
    const where = line === undefined ? "" : `line ${line}, column ${column}: `;
    return `  ${where}${path === "" ? "" : `${path}: `}${message}`;
  });
  return new AppError("invalid_script", { message: `The outage script has mistakes:\n${lines.join("\n")}`, problems });
}
