import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { createGuard } from "../../src/providers/guard.ts";
import { CallTimeouts } from "../../src/providers/timeouts.ts";

const connection = { answered: () => false } as unknown as Parameters<typeof createGuard>[0]["connection"];
const guard = createGuard({ connection, secrets: () => [], clock: () => 0 });
const timeouts = () => new CallTimeouts({ totalMs: 60_000, firstTokenMs: null, idleMs: 60_000 });

describe("the guard of a call", () => {
  test("leaves no listener behind a call: Node would keep the call's signals for ever", async () => {
    const caller = new AbortController();
    const seen: AbortSignal[] = [];
    const work = (outcome: () => Promise<string>) => (signal: AbortSignal) => {
      seen.push(signal);
      return outcome();
    };
    expect(
      await guard(
        caller.signal,
        timeouts(),
        work(async () => "answer"),
      ),
    ).toBe("answer");
    await expect(
      guard(
        caller.signal,
        timeouts(),
        work(() => Promise.reject(new Error("no"))),
      ),
    ).rejects.toThrow("no");
    expect(seen).toHaveLength(2);
    for (const signal of [...seen, caller.signal]) expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("ends with its caller's signal although the work does not", async () => {
    const caller = new AbortController();
    const ended = guard(caller.signal, timeouts(), () => new Promise(() => undefined));
    caller.abort();
    await expect(ended).rejects.toMatchObject({ class: "cancelled" });
  });
});
