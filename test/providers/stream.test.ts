import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { failureOf, hello, never, underTest } from "../../src/testing/provider-under-test.ts";
import { streaming } from "../../src/testing/stream-suite.ts";
import { vendorWires } from "./vendor-wire.ts";

describe.each(vendorWires)("a stream of $name", (wire) => {
  const under = underTest(wire);

  test("is no answer unless it came to its end: cut at any byte, closed or reset", { timeout: 120_000 }, async () => {
    const stream = wire.stream(["Hel", "lo ", "back", "."]);
    const needed = Buffer.concat(stream.chunks.slice(0, stream.essential)).length;
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: needed - 3 }),
        fc.constantFrom("end" as const, "reset" as const),
        async (at, end) => {
          under.server.respond(streaming(stream, end, at));
          const call = under.provider.call(hello, { model: wire.model, signal: never, onDelta: () => undefined });
          const { class: failureClass, httpStatus } = await failureOf(call);
          // A reset may overtake the headers.
          expect(failureClass === "malformed" ? httpStatus : failureClass).toSatisfy(
            (seen) => seen === 200 || (end === "reset" && seen === "network"),
          );
        },
      ),
      { numRuns: 40 },
    );
  });
});
