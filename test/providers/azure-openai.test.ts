import { afterAll, beforeAll, expect, test } from "vitest";
import { hello, providerAt } from "./provider-under-test.ts";
import { json, type WireServer, wireServer } from "./wire-server.ts";
import { azureWire } from "./wires/chat-completions.ts";

let server: WireServer;
beforeAll(async () => {
  server = await wireServer();
  server.respond(json(200, azureWire.answer("ok")));
});
afterAll(() => server.close());

/** Where a call of a deployment goes. */
async function pathOf(endpoint: string, model: string, version?: string): Promise<string | undefined> {
  const provider = providerAt(azureWire, endpoint, version === undefined ? {} : { AZURE_OPENAI_API_VERSION: version });
  await provider.call(hello, { model, signal: new AbortController().signal });
  await provider.close();
  return server.requests.at(-1)?.path;
}

test("an API version asks the deployment at its own address", async () => {
  expect(await pathOf(server.url, "my deployment", "2024-10-21")).toBe(
    "/openai/deployments/my%20deployment/chat/completions?api-version=2024-10-21",
  );
});

test("the endpoint may hold the path that Azure's portal shows", async () => {
  for (const path of ["", "/", "/openai", "/openai/v1", "/openai/v1/"]) {
    expect(await pathOf(`${server.url}${path}`, "d")).toBe("/openai/v1/chat/completions");
  }
  expect(await pathOf(`${server.url}/openai/v1`, "d", "2024-10-21")).toBe(
    "/openai/deployments/d/chat/completions?api-version=2024-10-21",
  );
});
