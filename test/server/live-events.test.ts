import { expect, test } from "vitest";
import type { LiveEvent } from "../../src/core/live.ts";
import type { RunEvent } from "../../src/core/run.ts";
import { feed } from "../../src/server/feed.ts";

const at = 1_000;
const tokens = (step: string, text: string): LiveEvent => ({
  type: "step.tokens",
  step,
  attempt: 1,
  call: 1,
  provider: "openai",
  model: "gpt-5-mini",
  at: 0,
  text,
});

/** A run whose history and passing news are laid open at chosen moments. */
function run() {
  const history: RunEvent[] = [{ type: "run.created", workflow: "w", version: 1, seq: 1, at }];
  let tell: (live: readonly LiveEvent[]) => void = () => undefined;
  const add = (...events: readonly object[]) => {
    for (const event of events) history.push({ ...event, seq: history.length + 1, at } as RunEvent);
  };
  return {
    add,
    tell: (...live: readonly LiveEvent[]) => tell(live),
    engine: {
      events: async (_id: string, after: number) => history.slice(after),
      watch: async (_id: string, onNews: (live: readonly LiveEvent[]) => void) => {
        tell = onNews;
        return () => undefined;
      },
      get: async () => ({ status: "running" }) as never,
    },
  };
}

async function read(live: boolean): Promise<readonly string[]> {
  const { engine, add, tell } = run();
  const told: string[] = [];
  const options = { engine, runId: "r", after: 0, live, signal: new AbortController().signal, rereadMs: 50 };
  for await (const event of feed(options)) {
    told.push(event.type === "step.tokens" ? `${event.step} says ${event.text}` : event.type);
    if (event.type === "run.created") {
      add({ type: "step.started", step: "a", attempt: 1, worker: "w" });
      // The last words, the step's end and the run's end all come before the next look.
      tell(tokens("a", "hello"));
      add({ type: "step.succeeded", step: "a", attempt: 1, served: null, calls: [] }, { type: "run.succeeded" });
      tell();
    }
  }
  return told;
}

test("a step's words come after its beginning and before its end, also when all of it is read at once", async () => {
  expect(await read(true)).toEqual(["run.created", "step.started", "a says hello", "step.succeeded", "run.succeeded"]);
});

test("who does not ask for what passes is given the history alone", async () => {
  expect(await read(false)).toEqual(["run.created", "step.started", "step.succeeded", "run.succeeded"]);
});
