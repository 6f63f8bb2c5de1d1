import { describe, expect, test } from "vitest";
import type { FailureClass } from "../core/call.ts";
import { freePort } from "../redis/embedded.ts";
import { failureOf, hello, never, providerAt, secret, underTest } from "./provider-under-test.ts";
import type { ProviderWire } from "./provider-wire.ts";
import { json } from "./wire-server.ts";

const statuses: readonly (readonly [number, FailureClass])[] = [
  [400, "caller"],
  [401, "auth"],
  [402, "auth"],
  [403, "auth"],
  [404, "not_found"],
  [408, "timeout"],
  [413, "caller"],
  [422, "caller"],
  [429, "rate_limited"],
  [500, "server"],
  [502, "server"],
  [503, "overloaded"],
  [504, "server"],
  [529, "overloaded"],
];

/** What a provider makes of everything that can go wrong. */
export function failureSuite(wire: ProviderWire): void {
  describe(`a failed call of ${wire.name}`, () => {
    const under = underTest(wire);
    const failure = (signal = never) => failureOf(under.provider.call(hello, { model: wire.model, signal }));

    test.each(statuses)("HTTP %i is %s", async (status, failureClass) => {
      under.server.respond(json(status, wire.error("some_error", `no: ${secret}`)));
      const { class: seen, httpStatus, retryAfterMs, message, cause } = await failure();
      expect([seen, httpStatus, retryAfterMs]).toEqual([failureClass, status, null]);
      expect(message).toContain(String(status));
      expect(`${message} ${String(cause ?? "")}`).not.toContain(secret);
    });

    test("a status decides although the body is a proxy's page, or empty", async () => {
      under.server.respond(json(502, "<html>Bad Gateway</html>"));
      expect((await failure()).class).toBe("server");
      under.server.respond((response) => response.writeHead(503).end());
      expect((await failure()).class).toBe("overloaded");
    });

    test("reads Retry-After in seconds, as a date by the provider's own clock, and in milliseconds", async () => {
      const body = wire.error("rate_limit_error", "slow down");
      under.server.respond(json(429, body, { "retry-after": "7" }));
      expect((await failure()).retryAfterMs).toBe(7_000);
      const date = "Wed, 21 Oct 2015 07:28:00 GMT";
      under.server.respond(json(429, body, { date, "retry-after": "Wed, 21 Oct 2015 07:28:09 GMT" }));
      expect((await failure()).retryAfterMs).toBe(9_000);
      under.server.respond(json(503, body, { "retry-after-ms": "1500", "retry-after": "2" }));
      expect((await failure()).retryAfterMs).toBe(1_500);
    });

    test.each([
      ["broken JSON", '{"id": "x", "cho'],
      ["an error body", { error: { message: "overloaded", type: "overloaded_error" } }],
      ["another shape", { hello: "world" }],
      ["no JSON", "OK"],
      ["nothing", ""],
    ])("200 with %s is malformed", async (_, body) => {
      under.server.respond(json(200, body));
      expect(await failure()).toMatchObject({ class: "malformed", httpStatus: 200 });
    });

    test("an empty answer is malformed", async () => {
      under.server.respond(json(200, wire.answer("")));
      expect((await failure()).class).toBe("malformed");
    });

    test("a body that is cut short is malformed", async () => {
      under.server.respond((response) => {
        const text = JSON.stringify(wire.answer("a long answer"));
        response.writeHead(200, { "content-type": "application/json", "content-length": String(text.length) });
        response.write(text.slice(0, 40), () => response.socket?.end());
      });
      expect(await failure()).toMatchObject({ class: "malformed", httpStatus: 200 });
    });

    test("a reset in the middle of the body is malformed, before any answer it is network", async () => {
      under.server.respond((response) => {
        response.writeHead(200, { "content-type": "application/json" });
        response.write('{"id":', () => response.socket?.resetAndDestroy());
      });
      expect(await failure()).toMatchObject({ class: "malformed", httpStatus: 200 });
      under.server.respond((response) => response.socket?.resetAndDestroy());
      expect(await failure()).toMatchObject({ class: "network", httpStatus: null });
      under.server.respond((response) => response.socket?.end());
      expect(await failure()).toMatchObject({ class: "network", httpStatus: null });
    });

    test("nobody listening is network, and so is an unknown host", async () => {
      for (const url of [`http://127.0.0.1:${await freePort()}`, "http://no-such-host.invalid"]) {
        const gone = await providerAt(wire, url);
        const seen = await failureOf(gone.call(hello, { model: wire.model, signal: never }));
        expect(seen).toMatchObject({ class: "network", httpStatus: null });
        await gone.close();
      }
    });

    test("the caller's abort is cancelled, its deadline is a timeout", async () => {
      const caller = new AbortController();
      under.server.respond(() => caller.abort());
      expect((await failure(caller.signal)).class).toBe("cancelled");
      expect((await failure(AbortSignal.abort())).class).toBe("cancelled");
      under.server.respond((response) => response.writeHead(200, { "content-type": "application/json" }).write("{"));
      expect((await failure(AbortSignal.timeout(50))).class).toBe("timeout");
    });

    test("its own timeout ends a call that stalls", async () => {
      const impatient = await providerAt(wire, under.server.url, { timeout: 0.2 });
      under.server.respond(() => undefined);
      const seen = await failureOf(impatient.call(hello, { model: wire.model, signal: never }));
      expect([seen.class, seen.message]).toEqual(["timeout", expect.stringContaining("0.2 s")]);
      await impatient.close();
    });

    const { tooLong, refusal, lengthOnly } = wire;
    if (tooLong) {
      test("a request that is too long for the model is context_length", async () => {
        under.server.respond(json(tooLong.status, tooLong.body));
        expect((await failure()).class).toBe("context_length");
      });
    }
    if (refusal) {
      test("a withheld answer is content_filtered", async () => {
        under.server.respond(json(200, refusal()));
        expect((await failure()).class).toBe("content_filtered");
      });
    }
    if (lengthOnly) {
      test("an answer that the request's own token limit made empty is the caller's fault", async () => {
        under.server.respond(json(200, lengthOnly()));
        expect((await failure()).class).toBe("caller");
      });
    }
  });
}
