import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadSettings } from "../../src/config/load.ts";
import { createProviders } from "../../src/providers/create.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { failureOf, hello } from "./provider-under-test.ts";
import { vendorWires } from "./vendor-wire.ts";
import { json, type WireServer, wireServer } from "./wire-server.ts";

describe("a provider's own timeout", () => {
  let server: WireServer;
  beforeAll(async () => {
    server = await wireServer();
  });
  afterAll(() => server.close());

  const openai = (env: Record<string, string>): Provider => {
    const all = { OPENAI_API_KEY: "first-key-000,second-key-000", OPENAI_ENDPOINT: server.url, ...env };
    const provider = createProviders(loadSettings({ env: all, cwd: "/nonexistent" })).get("openai");
    if (!provider) throw new Error("openai is not configured");
    return provider;
  };

  test.each([
    ["before the first byte", () => undefined],
    [
      "in the middle of the body",
      (response: import("node:http").ServerResponse) =>
        void response.writeHead(200, { "content-type": "application/json" }).write('{"id":'),
    ],
  ])("ends a call that stalls %s", async (_, stall) => {
    const provider = openai({ OPENAI_TIMEOUT_SECONDS: "0.2" });
    server.respond(stall);
    expect((await failureOf(provider, "gpt-4.1-mini")).class).toBe("timeout");
    await provider.close();
  });

  test("sends the key of the label", async () => {
    const provider = openai({});
    const wire = vendorWires[0];
    server.respond(json(200, wire?.answer("ok")));
    await provider.call(hello, { model: "gpt-4.1-mini", key: "key-2", signal: new AbortController().signal });
    expect(server.requests.at(-1)?.headers.authorization).toBe("Bearer second-key-000");
    expect(provider.keyId("key-1")).not.toBe(provider.keyId("key-2"));
    await provider.close();
  });
});
