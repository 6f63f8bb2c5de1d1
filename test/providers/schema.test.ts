import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadSettings } from "../../src/config/load.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { createProviders } from "../../src/providers/create.ts";
import { hello } from "./provider-under-test.ts";
import { vendorWires } from "./vendor-wire.ts";
import { json, type WireServer, wireServer } from "./wire-server.ts";

const closed: JsonObject = {
  type: "object",
  additionalProperties: false,
  required: ["severity"],
  properties: { severity: { type: "string" } },
};
const { required: _, ...open } = closed;

describe("a schema of the answer", () => {
  let server: WireServer;
  const cwd = mkdtempSync(join(tmpdir(), "switchyard-schema-"));
  beforeAll(async () => {
    server = await wireServer();
    server.respond(json(200, vendorWires[0]?.answer("{}")));
  });
  afterAll(async () => {
    await server.close();
    rmSync(cwd, { recursive: true, force: true });
  });

  /** The request body that the provider `mine` sends for a schema. */
  const sent = async (entry: string, outputSchema: JsonObject): Promise<string> => {
    writeFileSync(join(cwd, "switchyard.yaml"), `providers:\n  ${entry.replace("URL", `"${server.url}"`)}\n`);
    const [provider] = createProviders(loadSettings({ env: {}, cwd })).values();
    await provider?.call({ ...hello, outputSchema }, { model: "m", signal: new AbortController().signal });
    await provider?.close();
    return JSON.stringify(server.requests.at(-1)?.body);
  };
  const custom = "mine: { type: custom, endpoint: URL, model: m }";
  const openai = "openai: { api_key: k, endpoint: URL, model: gpt-4.1-mini }";

  test.each([openai, custom])("is strict where strict mode takes it, else guidance: %s", async (entry) => {
    expect(await sent(entry, closed)).toContain('"strict":true');
    expect(await sent(entry, open)).toContain('"strict":false');
  });

  test("goes into the system prompt where the endpoint takes none", async () => {
    const body = await sent(custom.replace("model: m", "model: m, structured_outputs: false"), closed);
    expect(body).toContain('"response_format":{"type":"json_object"}');
    expect(body).toMatch(/Be brief\..*JSON Schema.*severity/s);
  });
});
