import { describe, expect, test } from "vitest";
import { providerAt } from "./provider-under-test.ts";
import { vendorWires } from "./vendor-wire.ts";
import { json, wireServer } from "./wire-server.ts";

const checked = vendorWires.filter((wire) => wire.checkPath !== undefined);

describe("an active check", () => {
  test("takes an endpoint that lists no models for one that is up, if it is the user's own", async () => {
    const server = await wireServer();
    server.respond(json(404, { error: "no such path" }));
    const states = [];
    for (const wire of checked) {
      const provider = providerAt(wire, server.url);
      states.push([wire.name, await provider.check?.(new AbortController().signal).catch(({ class: c }) => c)]);
      await provider.close();
    }
    await server.close();
    expect(states.filter(([, state]) => state === undefined)).toEqual([["my-vllm", undefined]]);
  });

  test("does not exist for bedrock, which has nothing cheap", () => {
    const wire = vendorWires.find(({ provider }) => provider === "bedrock");
    expect(wire && "check" in providerAt(wire, "http://127.0.0.1:9")).toBe(false);
  });
});
