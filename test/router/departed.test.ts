import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AnswerPart } from "../../src/providers/wire.ts";
import { Written } from "../../src/router/written.ts";
import { openStream } from "./streamed.ts";
import { wired } from "./wired.ts";

const w = wired();
const word = "four";
const body = { model: "auto", messages: [{ role: "user", content: "x" }], stream: true };
const wire = { format: "openai-chat", body } as const;

describe("a caller that leaves in the middle of a streamed answer", () => {
  test.each([
    ["translated", {}],
    ["passed through", { wire }],
  ] as const)("has what was written until then in its use and cost: %s", async (_how, more) => {
    w.vendors.servers.openai.respond((response) => {
      const stream = openStream("openai", response);
      for (let i = 0; i < 40; i++) stream.piece(word);
    });
    const leaving = new AbortController();
    let parts = 0;
    const onPart = () => {
      parts += 1;
      if (parts >= 30) leaving.abort();
    };
    const { router } = w.start();
    const request = { messages: [{ role: "user", content: "x" }], ...more } as const;
    const outcome = await router.call(request, {
      hints: {},
      signal: leaving.signal,
      idempotencyKey: "left",
      deadline: w.clock() + 60_000,
      onPart,
    });
    const [call] = outcome.calls;
    expect(call).toMatchObject({ ok: false, failure: { class: "cancelled" }, estimated: true });
    expect(call?.usage?.outputTokens).toBeGreaterThanOrEqual(29);
    expect(call?.usage?.outputTokens).toBeLessThanOrEqual(45);
    expect((await router.explain({ hints: {} })).candidates[0]).toMatchObject({ state: "closed" });
  });

  test("more that was said is never less that is counted", () => {
    const part: fc.Arbitrary<AnswerPart> = fc.oneof(
      fc.record({ type: fc.constant("text" as const), text: fc.string() }),
      fc.record({ type: fc.constant("arguments" as const), index: fc.nat(3), text: fc.string() }),
      fc.record({
        type: fc.constant("wire" as const),
        event: fc.record({ event: fc.constant(null), data: fc.string() }),
      }),
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const written = new Written();
        let before = 0;
        for (const one of parts) {
          written.part(one);
          expect(written.tokens).toBeGreaterThanOrEqual(before);
          before = written.tokens;
        }
      }),
    );
  });
});
