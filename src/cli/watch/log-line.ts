import { formatDuration } from "../../core/duration.ts";
import { totalTokens } from "../../core/history.ts";
import type { RunEvent } from "../../core/run.ts";
import { formatUsd, setbackWords, stepSigns } from "./words.ts";

/** One event as a plain line for logs and pipes. Pure. @param startedAt time of the run's first event, epoch milliseconds */
export function logLine(event: RunEvent, startedAt: number): string {
  return `${`+${formatDuration(Math.max(0, event.at - startedAt))}`.padEnd(10)} ${told(event)}`;
}

function told(event: RunEvent): string {
  switch (event.type) {
    case "run.created":
      return `run of ${event.workflow} v${event.version} accepted${event.forkOf ? `, from ${event.forkOf.run}` : ""}`;
    case "run.started":
      return "run started";
    case "step.queued":
      return `${stepSigns.queued} ${event.step} queued`;
    case "step.started":
      return `${stepSigns.running} ${event.step} started, attempt ${event.attempt}, worker ${event.worker}`;
    case "call.failed": {
      const { provider, model, failure } = event.call;
      const words = failure ? setbackWords({ provider, model, ...failure }) : `${provider} failed`;
      return `! ${event.step}: ${words}`;
    }
    case "tool.called":
      return `${stepSigns.running} ${event.step} turn ${event.turn}: calls ${event.tool}`;
    case "tool.answered": {
      const { step, turn, tool, ok, durationMs, problem } = event;
      const end = ok ? "answered" : "failed";
      return `${ok ? stepSigns.succeeded : "!"} ${step} turn ${turn}: ${tool} ${end} after ${formatDuration(durationMs)}${problem === undefined ? "" : `: ${problem}`}`;
    }
    case "step.retrying": {
      const { step, attempt, delayMs, error, calls } = event;
      // Each failed call has had a line of its own.
      const why = calls.some(({ failure }) => failure) ? "" : `: ${error.message}`;
      return `${stepSigns.waiting} ${step} attempt ${attempt} failed (${error.code}), next in ${formatDuration(delayMs)}${why}`;
    }
    case "step.waiting":
      return `${stepSigns.waiting} ${event.step} waits${event.until === null ? "" : ` ${formatDuration(Math.max(0, event.until - event.at))}`}: ${event.reason}`;
    case "step.succeeded": {
      const { served } = event;
      if (!served) return `${stepSigns.succeeded} ${event.step} succeeded`;
      const tokens = totalTokens(served);
      const facts = [tokens === null ? "" : `${tokens} tokens`, formatUsd(served.costUsd)].filter(
        (fact) => fact && fact !== "-",
      );
      return `${stepSigns.succeeded} ${event.step} served by ${served.provider}/${served.modelServed}${facts.length > 0 ? ` (${facts.join(", ")})` : ""}`;
    }
    case "step.failed":
      return `${stepSigns.failed} ${event.step} failed: ${event.error.message}${event.tolerated ? " (the run goes on)" : ""}`;
    case "step.reused":
      return `${stepSigns.succeeded} ${event.step} kept from ${event.run}`;
    case "step.skipped":
      return `${stepSigns.skipped} ${event.step} skipped`;
    case "step.cancelled":
      return `${stepSigns.cancelled} ${event.step} cancelled`;
    case "run.succeeded":
      return "run succeeded";
    case "run.failed":
      // The step's own line has just told why.
      return typeof event.error.details?.step === "string"
        ? `run failed at step ${event.error.details.step}`
        : `run failed: ${event.error.message}`;
    case "signal.refused":
      return `! ${event.step}: the signal ${event.name} does not fit: ${event.problems.join("; ")}`;
    case "run.paused":
      return `run paused by ${event.by}: nothing new starts`;
    case "run.resumed":
      return `run resumed by ${event.by}`;
    case "run.compensating": {
      const unsure = event.unsure ? `; not known of: ${event.unsure.join(", ")}` : "";
      return `run ${event.because}: undoes ${event.steps.join(", ")}${unsure}`;
    }
    case "machine.emitted":
      return `${event.actor ?? "machine"} emitted ${event.event.type}`;
    case "signal.received":
      return `signal ${event.name} from ${event.by}`;
    case "run.cancelled":
      return `run cancelled by ${event.by}${event.reason === null ? "" : `: ${event.reason}`}${event.error ? `. ${event.error.message}` : ""}`;
    default:
      event satisfies never;
      // A newer server may tell more than this program knows.
      return String((event as { type: unknown }).type);
  }
}
