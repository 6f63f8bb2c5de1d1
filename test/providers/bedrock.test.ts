import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { failureOf, hello, providerAt } from "./provider-under-test.ts";
import { json, type WireServer, wireServer } from "./wire-server.ts";
import { bedrockWire } from "./wires/bedrock.ts";

let server: WireServer;
const home = mkdtempSync(join(tmpdir(), "switchyard-home-"));
const signal = new AbortController().signal;
beforeAll(async () => {
  server = await wireServer();
  server.respond(json(200, bedrockWire.answer("ok")));
});
afterEach(() => vi.unstubAllEnvs());
afterAll(async () => {
  await server.close();
  rmSync(home, { recursive: true, force: true });
});

test("a Bedrock API key goes in place of the chain, with labels like any key", async () => {
  const provider = providerAt(bedrockWire, server.url, { BEDROCK_API_KEY: "first-key-000,second-key-000" });
  expect(provider.keys).toEqual(["key-1", "key-2"]);
  await provider.call(hello, { model: bedrockWire.model, key: "key-2", signal });
  expect(server.requests.at(-1)?.headers.authorization).toBe("Bearer second-key-000");
  await provider.close();
});

test("AWS's own variable of that key is read too, ours before it", async () => {
  for (const [env, sent] of [
    [{ AWS_BEARER_TOKEN_BEDROCK: "theirs-000" }, "Bearer theirs-000"],
    [{ AWS_BEARER_TOKEN_BEDROCK: "theirs-000", BEDROCK_API_KEY: "ours-000" }, "Bearer ours-000"],
  ] as const) {
    const provider = providerAt(bedrockWire, server.url, env);
    await provider.call(hello, { model: bedrockWire.model, signal });
    expect(server.requests.at(-1)?.headers.authorization).toBe(sent);
    await provider.close();
  }
});

test("a session's token is signed and sent", async () => {
  const provider = providerAt(bedrockWire, server.url);
  vi.stubEnv("AWS_SESSION_TOKEN", "session-token-000");
  await provider.call(hello, { model: bedrockWire.model, signal });
  expect(server.requests.at(-1)?.headers["x-amz-security-token"]).toBe("session-token-000");
  server.respond(json(500, { message: "no: session-token-000" }));
  expect((await failureOf(provider, bedrockWire.model)).message).toBe("HTTP 500: no: ***");
  server.respond(json(200, bedrockWire.answer("ok")));
  await provider.close();
});

test("a chain that finds nothing is auth, and nothing is sent", async () => {
  const provider = providerAt(bedrockWire, server.url);
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"])
    vi.stubEnv(name, undefined);
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  vi.stubEnv("AWS_CONFIG_FILE", join(home, "config"));
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(home, "credentials"));
  const before = server.requests.length;
  const failure = await failureOf(provider, bedrockWire.model);
  expect([failure.class, failure.httpStatus]).toEqual(["auth", null]);
  expect(failure.message).toMatch(/^AWS's chain of credentials ended without any: /);
  expect(server.requests).toHaveLength(before);
  await provider.close();
});
