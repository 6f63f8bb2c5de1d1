import { createLogUpdate } from "log-update";
import type { LiveEvent } from "../../core/live.ts";
import type { Run, RunEvent } from "../../core/run.ts";
import type { Output } from "../output.ts";
import { frame, stepTable } from "./frame.ts";
import { logLine } from "./log-line.ts";
import { endingLine, resultLines } from "./result.ts";
import type { RunView } from "./run-view.ts";
import { addToTail, type Tails } from "./tail.ts";
import { failoverWords, restartedWords } from "./words.ts";

/** Shows a run while it goes on. */
export interface Painter {
  /** One event has come. @param view the run with that event in it; @param before the run without. */
  event(event: RunEvent, view: RunView, before: RunView): void;
  /** A piece of an answer that is being written. */
  passing(event: LiveEvent): void;
  /** The run has ended. @param result whether its output is shown; a failed run's error always is. */
  ended(run: Run, view: RunView, result: boolean): void;
  /** Nothing more will come: leaves the terminal as a line-based program expects it. Called in any case, last. */
  stop(): void;
}

/** Repaints a terminal in place, ten times a second; at the end the last frame stays. */
export function livePainter(output: Output, first: RunView): Painter {
  const screen = createLogUpdate(output.stdout as NodeJS.WriteStream);
  const tails: Tails = new Map();
  const lines = (view: RunView) => frame(view, Date.now(), output.paint, output.stdout.columns, tails);
  let current = first;
  const repaint = () => screen(lines(current).join("\n"));
  const ticker = setInterval(repaint, 100);
  repaint();
  return {
    event(event, view) {
      current = view;
      // An attempt writes from the beginning.
      if (event.type === "step.started") tails.delete(event.step);
    },
    passing(event) {
      addToTail(tails, event);
    },
    ended(run, view, result) {
      current = view;
      clearInterval(ticker);
      screen.clear();
      output.print(...lines(view));
      if (result || run.error) output.print("", ...resultLines(run, output.paint));
    },
    stop() {
      clearInterval(ticker);
      screen.done();
    },
  };
}

/** Appends one line an event: for pipes, logs and CI. */
export function linePainter(output: Output): Painter {
  let startedAt: number | undefined;
  return {
    event(event, view, before) {
      startedAt ??= event.at;
      output.print(logLine(event, startedAt));
      for (const failover of view.failovers.slice(before.failovers.length)) {
        output.print(`${" ".repeat(11)}${failoverWords(failover)}`);
      }
    },
    passing(event) {
      if (event.type === "step.restarted") output.print(`${" ".repeat(11)}${restartedWords(event)}`);
    },
    ended(run, view, result) {
      const { paint } = output;
      output.print("", ...stepTable(view, Date.now(), paint), "", endingLine(run, paint));
      if (result || run.error) output.print(...resultLines(run, paint, true));
    },
    stop() {},
  };
}

/** One JSON line an event, and last the run. */
export function jsonPainter(output: Output): Painter {
  return {
    event: (event) => output.json(event),
    passing() {},
    ended: (run) => output.json(run),
    stop() {},
  };
}
