import type { Json } from "../core/json.ts";
import type { EventBody, RunStatus } from "../core/run.ts";
import { type RunScripts, text } from "./run-scripts.ts";
import type { CancelCommand, OutsideEvent } from "./state.ts";

/** What a run says to a command from outside. */
export type Refused = { readonly type: "missing" } | { readonly type: "ended"; readonly status: RunStatus };

/** A parked step that was woken: its job is wanted. */
export interface Woken {
  readonly actor: string;
  readonly epoch: number;
  readonly times: number;
}

/** What comes to a run from outside of its jobs: people, other runs. */
export class CommandStore {
  readonly #scripts: RunScripts;

  constructor(scripts: RunScripts) {
    this.#scripts = scripts;
  }

  /** Lets a parked step go on. @param children the runs whose ends wake it @returns its job is wanted; undefined: it is at work, or nobody wants it any more */
  async wake(runId: string, actor: string, epoch: number, children: readonly string[]): Promise<Woken | undefined> {
    const [word, times] = await this.#scripts.run("wake", runId, [actor, epoch, ...children]);
    return word === "woken" ? { actor, epoch, times: Number(times) } : undefined;
  }

  /** Keeps a signal for the step that takes it. @param id the same id is kept once @returns the steps that it wakes */
  async signal(
    runId: string,
    name: string,
    payload: Json,
    id: string | undefined,
    by: string,
  ): Promise<{ readonly type: "kept"; readonly woken: readonly Woken[] } | { readonly type: "again" } | Refused> {
    const event: EventBody = { type: "signal.received", name, by };
    const [word, ...rest] = await this.#scripts.run("signal", runId, [
      name,
      JSON.stringify(payload),
      id ?? "",
      text(event),
    ]);
    if (word === "again") return { type: "again" };
    if (word !== "kept") return refusedBy(word, rest[0]);
    const woken: Woken[] = [];
    for (let i = 0; i + 2 < rest.length; i += 3) {
      woken.push({ actor: rest[i] ?? "", epoch: Number(rest[i + 1]), times: Number(rest[i + 2]) });
    }
    return { type: "kept", woken };
  }

  /** Puts a command into the run's inbox. @param id the same id is put there once */
  async post(
    runId: string,
    id: string,
    command: CancelCommand | OutsideEvent,
  ): Promise<{ readonly type: "posted"; readonly workflow: string; readonly version: number } | Refused> {
    const [word, first, second] = await this.#scripts.run("post", runId, [id, JSON.stringify(command)]);
    if (word !== "posted") return refusedBy(word, first);
    return { type: "posted", workflow: first ?? "", version: Number(second) };
  }

  /** Lets a run start nothing, or start again. */
  async pause(
    runId: string,
    how: "pause" | "resume",
    whose: "own" | "parent",
    by: string,
  ): Promise<{ readonly type: "done" | "same" | "kept" } | Refused> {
    const event: EventBody = { type: how === "pause" ? "run.paused" : "run.resumed", by };
    const [word, status] = await this.#scripts.run("pause", runId, [how, whose, text(event)]);
    return word === "done" || word === "same" || word === "kept" ? { type: word } : refusedBy(word, status);
  }
}

function refusedBy(word: string | undefined, status: string | undefined): Refused {
  return word === "ended" ? { type: "ended", status: status as RunStatus } : { type: "missing" };
}
