import { describe, expect, test } from "vitest";
import { failureOf, never, secret, underTest } from "./provider-under-test.ts";
import type { ProviderWire } from "./provider-wire.ts";
import { json } from "./wire-server.ts";

/** The active check, of a provider that has one. */
export function checkSuite(wire: ProviderWire): void {
  const { checkPath } = wire;
  if (checkPath === undefined) return;
  describe(`an active check of ${wire.name}`, () => {
    const under = underTest(wire);
    const failure = (signal = never) => failureOf(under.provider.check?.(signal) ?? Promise.resolve("it has none"));

    test("asks its path with the key, and is content with any list", async () => {
      under.server.respond(json(200, { data: [] }));
      await under.provider.check?.(never);
      const { path, headers } = under.last();
      expect(path).toBe(checkPath);
      expect(headers[wire.keyHeader.name]).toEqual(wire.keyHeader.value(secret));
    });

    test.each([
      [401, "auth"],
      [429, "rate_limited"],
      [500, "server"],
      [503, "overloaded"],
    ] as const)("HTTP %i is %s", async (status, failureClass) => {
      under.server.respond(json(status, wire.error("some_error", `no: ${secret}`), { "retry-after": "3" }));
      const { class: seen, httpStatus, retryAfterMs, message } = await failure();
      expect([seen, httpStatus, retryAfterMs]).toEqual([failureClass, status, 3_000]);
      expect(message).not.toContain(secret);
    });

    test("sees a lost connection, and ends with its caller", async () => {
      under.server.respond((response) => response.socket?.resetAndDestroy());
      expect((await failure()).class).toBe("network");
      under.server.respond(() => undefined);
      expect((await failure(AbortSignal.timeout(50))).class).toBe("timeout");
      const caller = new AbortController();
      under.server.respond(() => caller.abort());
      expect((await failure(caller.signal)).class).toBe("cancelled");
    });
  });
}
