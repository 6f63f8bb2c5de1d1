import type { SwitchyardClient } from "../../client/client.ts";
import { isLive } from "../../core/live.ts";
import type { Run } from "../../core/run.ts";
import type { Output } from "../output.ts";
import { jsonPainter, linePainter, livePainter, type Painter } from "./painter.ts";
import { applyEvent, type RunView, runView } from "./run-view.ts";

/** Which run is watched, and how it is shown. */
export interface WatchOptions {
  readonly client: Pick<SwitchyardClient, "get" | "live">;
  readonly runId: string;
  readonly output: Output;
  /** Repaint the terminal in place. Default: where {@link Output.isLive}; else one line an event. */
  readonly live?: boolean;
  /** One JSON line an event and last the run, instead of anything for people. */
  readonly json?: boolean;
  /** False: a succeeded run's output is not printed; the caller shows it. Default true. Without effect on `json`. */
  readonly result?: boolean;
  /** Ends the watching with `cancelled`; the run goes on. */
  readonly signal?: AbortSignal;
}

/** Shows a run from its first event to its end. @returns the run as it ended. @throws AppError as the client; cancelled. */
export async function watchRun(options: WatchOptions): Promise<Run> {
  const { client, runId, json = false, result = true, signal } = options;
  const wait = signal ? { signal } : {};
  let view = runView(await client.get(runId, wait));
  const painter = painterFor(options, view);
  try {
    for await (const event of client.live(runId, wait)) {
      if (isLive(event)) {
        painter.passing(event);
        continue;
      }
      const before = view;
      view = applyEvent(view, event);
      painter.event(event, view, before);
    }
    const run = await client.get(runId, { outputs: json, ...wait });
    painter.ended(run, view, result);
    return run;
  } finally {
    painter.stop();
  }
}

function painterFor({ output, live = output.isLive, json = false }: WatchOptions, first: RunView): Painter {
  if (json) return jsonPainter(output);
  return live ? livePainter(output, first) : linePainter(output);
}
