import { describe, expect, test } from "vitest";
import { hello, never, secret, underTest } from "./provider-under-test.ts";
import type { ProviderWire } from "./provider-wire.ts";
import { json } from "./wire-server.ts";

const schema = {
  type: "object",
  additionalProperties: false,
  required: ["severity"],
  properties: { severity: { type: "string" } },
};

/** What a provider does when all is well. */
export function answerSuite(wire: ProviderWire): void {
  describe(`provider ${wire.name}`, () => {
    const under = underTest(wire);
    const options = { model: wire.model, signal: never };

    test("reads a text answer with its usage", async () => {
      under.server.respond(json(200, wire.answer("Hello back.")));
      const answer = await under.provider.call(hello, options);
      expect(answer).toMatchObject({
        text: "Hello back.",
        finishReason: "stop",
        model: wire.model,
        firstTokenMs: null,
      });
      expect(answer.usage).toMatchObject(usageOf(wire));
      expect(under.last().path).toBe(wire.path);
    });

    test("sends key, idempotency key, headers, and what the request asks, or warns", async () => {
      under.server.respond(json(200, wire.answer("ok")));
      const { warnings } = await under.provider.call(
        { ...hello, maxTokens: 77, temperature: 0.5, stop: ["END"], seed: 7 },
        { ...options, key: wire.keys[0] ?? "", idempotencyKey: "job-1", headers: { traceparent: "00-ab" } },
      );
      const { headers, body } = under.last();
      expect(headers[wire.keyHeader.name]).toEqual(wire.keyHeader.value(secret));
      expect(headers["idempotency-key"]).toBe("job-1");
      expect(headers.traceparent).toBe("00-ab");
      expect(wire.asked(under.last())).toMatchObject({ model: wire.model, maxTokens: 77, temperature: 0.5 });
      const sent = JSON.stringify(body);
      expect(sent).toContain("Be brief.");
      expect(sent.includes("END") || warnings.some((warning) => /stop/i.test(warning))).toBe(true);
      expect(sent.includes('"seed":7') || warnings.some((warning) => /seed/.test(warning))).toBe(true);
    });

    test("sends a whole conversation, in its order", async () => {
      under.server.respond(json(200, wire.answer("ok")));
      const messages = [
        { role: "user", content: "first question" },
        { role: "assistant", content: "first answer" },
        { role: "user", content: "second question" },
      ] as const;
      await under.provider.call({ messages }, options);
      expect(JSON.stringify(under.last().body)).toMatch(/first question.*first answer.*second question/);
    });

    test("labels its keys and never shows them", () => {
      expect(under.provider.keys).toEqual(wire.keys);
      for (const label of wire.keys) expect(under.provider.keyId(label)).toMatch(/^([0-9a-f]{12}|default)$/);
      expect(JSON.stringify(under.provider)).not.toContain(secret);
    });

    test("serves its own model, and none that nobody knows", () => {
      expect(under.provider.defaultModel).toBe(wire.model);
      expect(under.provider.serves(wire.model)).toBe(true);
      expect(under.provider.serves("no such model, of anybody")).toBe(false);
    });

    const { jsonAnswer, asksForSchema } = wire;
    if (jsonAnswer && asksForSchema) {
      test("asks for JSON of a schema and hands back its text", async () => {
        under.server.respond(json(200, jsonAnswer({ severity: "low" })));
        const answer = await under.provider.call({ ...hello, outputSchema: schema }, options);
        expect(JSON.parse(answer.text)).toEqual({ severity: "low" });
        expect(asksForSchema(under.last().body)).toBe(true);
      });
    }
  });
}

/** What a wire's answers say they used. */
export function usageOf({ usage }: ProviderWire): NonNullable<ProviderWire["usage"]> {
  return usage ?? { inputTokens: 19, outputTokens: 10, cachedInputTokens: 4 };
}
