import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CallFailure, type Provider } from "../../src/providers/provider.ts";
import { providerAt, secret } from "./provider-under-test.ts";
import { vendorWires } from "./vendor-wire.ts";
import { json, type WireServer, wireServer } from "./wire-server.ts";

const checked = vendorWires.filter((wire) => wire.checkPath !== undefined);

describe.each(checked)("an active check of $name", (wire) => {
  let server: WireServer;
  let provider: Provider;
  const never = new AbortController().signal;
  beforeAll(async () => {
    server = await wireServer();
    provider = providerAt(wire, server.url);
  });
  afterAll(async () => {
    await provider.close();
    await server.close();
  });
  const failure = async (signal = never): Promise<CallFailure> => {
    const result = await provider.check?.(signal).catch((error: unknown) => error);
    if (result instanceof CallFailure) return result;
    throw new Error(`not a CallFailure: ${String(result)}`);
  };

  test("asks for the models with the key, and is content with any list", async () => {
    server.respond(json(200, { data: [] }));
    await provider.check?.(never);
    const { path, headers } = server.requests.at(-1) ?? { path: "", headers: {} as Record<string, string> };
    expect(path).toBe(wire.checkPath);
    expect(headers[wire.keyHeader.name]).toEqual(wire.keyHeader.value(secret));
  });

  test.each([
    [401, "auth"],
    [429, "rate_limited"],
    [500, "server"],
    [503, "overloaded"],
  ] as const)("HTTP %i is %s", async (status, failureClass) => {
    server.respond(json(status, wire.error("some_error", `no: ${secret}`), { "retry-after": "3" }));
    const { class: seen, httpStatus, retryAfterMs, message } = await failure();
    expect([seen, httpStatus, retryAfterMs]).toEqual([failureClass, status, 3_000]);
    expect(message).toContain("no: ***");
  });

  test("sees a lost connection, and ends with its caller", async () => {
    server.respond((response) => response.socket?.resetAndDestroy());
    expect((await failure()).class).toBe("network");
    server.respond(() => undefined);
    expect((await failure(AbortSignal.timeout(50))).class).toBe("timeout");
    const caller = new AbortController();
    server.respond(() => caller.abort());
    expect((await failure(caller.signal)).class).toBe("cancelled");
  });
});

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
