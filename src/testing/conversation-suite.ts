import { describe, expect, test } from "vitest";
import type { LlmRequest } from "../providers/request.ts";
import { hello, never, underTest } from "./provider-under-test.ts";
import type { ProviderWire } from "./provider-wire.ts";
import { json } from "./wire-server.ts";

const call = { id: "call_1", name: "look_up", arguments: { city: "Ulm" } };
const tools: LlmRequest["tools"] = [
  {
    name: "look_up",
    description: "Looks a city up.",
    inputSchema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
];
/** A picture of one pixel. */
const base64 = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

/** Tools and pictures, of a provider that has them. */
export function conversationSuite(wire: ProviderWire): void {
  if (wire.toolAnswer) toolSuite(wire, wire.toolAnswer(call));
  if (wire.seesImages !== false) {
    describe(`a picture for ${wire.name}`, () => {
      const under = underTest(wire);
      test("is sent with the text", async () => {
        under.server.respond(json(200, wire.answer("A pixel.")));
        const images = [{ mediaType: "image/png", base64 }];
        const request: LlmRequest = { messages: [{ role: "user", content: "What is it?", images }] };
        await under.provider.call(request, { model: wire.model, signal: never });
        expect(wire.asked(under.last()).images).toEqual([base64]);
        expect(JSON.stringify(under.last().body)).toContain("What is it?");
      });
    });
  }
}

function toolSuite(wire: ProviderWire, toolAnswer: unknown): void {
  describe(`tools of ${wire.name}`, () => {
    const under = underTest(wire);
    const options = { model: wire.model, signal: never };

    test("are offered; one is wanted; the conversation goes on with its result", async () => {
      under.server.respond(json(200, toolAnswer));
      const first = await under.provider.call({ ...hello, tools, toolChoice: "required" }, options);
      expect(wire.asked(under.last()).tools).toEqual(["look_up"]);
      expect(first).toMatchObject({ text: "", finishReason: "tool-calls" });
      expect(first.toolCalls).toHaveLength(1);
      const [wanted] = first.toolCalls;
      expect([wanted?.name, JSON.parse(wanted?.arguments ?? "")]).toEqual(["look_up", { city: "Ulm" }]);

      under.server.respond(json(200, wire.answer("It is on the Danube.")));
      const { text, toolCalls, reasoning } = first;
      const second = await under.provider.call(
        {
          ...hello,
          tools,
          messages: [
            ...hello.messages,
            { role: "assistant", content: text, toolCalls, reasoning },
            { role: "tool", callId: wanted?.id ?? "", name: "look_up", content: "on the Danube" },
          ],
        },
        options,
      );
      expect(second.text).toBe("It is on the Danube.");
      const [result] = wire.asked(under.last()).results ?? [];
      expect([wanted?.id, wanted?.name]).toContain(result?.[0]);
      expect(result?.[1]).toBe("on the Danube");
      expect(JSON.stringify(under.last().body)).toContain("Ulm");
    });

    test("have several results in one turn", async () => {
      under.server.respond(json(200, wire.answer("Both.")));
      const toolCalls = ["a", "b"].map((id) => ({ id, name: "look_up", arguments: `{"city":"${id}"}` }));
      const results = toolCalls.map(({ id, name }) => ({
        role: "tool" as const,
        callId: id,
        name,
        content: `result ${id}`,
        failed: id === "b",
      }));
      const asking = { role: "assistant", content: "", toolCalls } as const;
      await under.provider.call({ ...hello, tools, messages: [...hello.messages, asking, ...results] }, options);
      expect(wire.asked(under.last()).results?.map(([, text]) => text)).toEqual(["result a", "result b"]);
    });
  });
}
