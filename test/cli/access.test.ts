import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AccessKey, NewAccessKey } from "../../src/core/access-key.ts";
import type { AuditEntry } from "../../src/core/audit.ts";
import type { RunSummary } from "../../src/core/run.ts";
import { type RunningApp, startApp } from "../server/running-app.ts";
import { type Printed, switchyard } from "./built-program.ts";

let running: RunningApp;
beforeAll(async () => {
  running = await startApp();
});
afterAll(() => running.close());

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Printed> =>
  switchyard(args, { cwd: running.redis.directory, env: { REDIS_URL: running.redis.url, USER: "ada", ...env } });
const ask = (args: readonly string[], env?: Readonly<Record<string, string>>) =>
  run([...args, "--url", running.url], env);

describe("switchyard without a key", () => {
  test("serves other machines only where somebody says so", async () => {
    const refused = await run(["serve", "--host", "0.0.0.0", "--port", "0"]);
    expect([refused.code, refused.out]).toEqual([2, ""]);
    expect(refused.err).toMatch(/error \[server_open\] The API would listen on 0\.0\.0\.0/);
    expect(refused.err).toMatch(/fix .*switchyard keys create.*SWITCHYARD_OPEN=true/);
  });

  test("acts for a tenant: --tenant and SWITCHYARD_TENANT", async () => {
    const definition = { name: "hello", steps: [{ id: "say", transform: "'hi'" }] };
    await fetch(`${running.url}/v1/workflows?tenant=acme`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(definition),
    });
    const { writeFile } = await import("node:fs/promises");
    await writeFile(`${running.redis.directory}/hello.yaml`, JSON.stringify(definition));
    const { id } = JSON.parse((await ask(["run", "hello.yaml", "--tenant", "acme", "--json"])).out) as RunSummary;
    const listed = await ask(["runs", "list", "--json"], { SWITCHYARD_TENANT: "acme" });
    expect((JSON.parse(listed.out).runs as RunSummary[]).map((one) => [one.id, one.tenant])).toEqual([[id, "acme"]]);
    expect((await ask(["runs", "show", id])).err).toContain("run_not_found");
    const wrong = await ask(["runs", "list"], { SWITCHYARD_TENANT: "No/body" });
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining("SWITCHYARD_TENANT must be")]);
  });

  test("says of a budget that it names nobody yet, whichever tenant it would ask as", async () => {
    const set = await ask(["budgets", "set", "b", "--tenant", "acmee", "--usd", "5"], { SWITCHYARD_TENANT: "acme" });
    expect([set.code, set.err]).toEqual([
      0,
      expect.stringMatching(/No key belongs to a tenant acmee.*once there is one/),
    ]);
    const body = { workflow: "acme/helo", usd: 1, action: "downgrade", model: "gpt-nothing" };
    const { warnings } = await running.client.budgets.set("w", body as never);
    expect(warnings).toEqual([
      expect.stringMatching(/No workflow is called acme\/helo yet.*Did you mean acme\/hello\?/),
      expect.stringContaining("gpt-nothing"),
    ]);
    const known = { workflow: "acme/hello", usd: 1 };
    expect((await running.client.budgets.set("w", known)).warnings).toEqual([]);
    const provider = running.client.budgets.set("p", { provider: "opnai", usd: 1 });
    await expect(provider).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining("Did you mean openai"),
    });
  });
});

describe("switchyard keys", () => {
  test("makes, lists, rotates and revokes keys, and each change is in the audit log, without the key", async () => {
    const created = await run(["keys", "create", "--name", "ops", "--scope", "admin", "--expires", "90d"]);
    const key = created.out.trim();
    expect([created.code, key]).toEqual([0, expect.stringMatching(/^sy_[a-z0-9]{12}_[\w-]{43}$/)]);
    expect(created.err).toMatch(/ops: admin of tenant default, until .* shown this once/);
    const made = await run(["keys", "create", "--name", "ci", "--scope", "submit", "--tenant", "acme", "--json"]);
    const { id, key: other } = JSON.parse(made.out) as NewAccessKey;
    expect((await run(["keys", "create", "--name", "x", "--scope", "sumbit"])).err).toContain("Did you mean submit?");
    const listed = await run(["keys", "list", "--tenant", "acme", "--json"]);
    expect((JSON.parse(listed.out).keys as AccessKey[]).map(({ name, scopes }) => [name, scopes])).toEqual([
      ["ci", ["read", "submit"]],
    ]);
    const rotated = await run(["keys", "rotate", id, "--grace", "1h", "--json"]);
    const { key: next } = JSON.parse(rotated.out) as NewAccessKey;
    expect(await run(["keys", "revoke", id])).toMatchObject({ code: 0, out: `ci (${id}) is revoked\n` });
    expect((await run(["keys", "revoke", "nobody"])).err).toContain("key_not_found");
    const exported = await ask(["audit", "--export"], { SWITCHYARD_API_KEY: key });
    const entries = exported.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as AuditEntry);
    const ofKeys = entries.filter(({ what }) => what.startsWith("keys ")).reverse();
    expect(ofKeys.map(({ what, path, status, error }) => [what, path, error ?? status])).toEqual([
      ["keys create", "ops", 200],
      ["keys create", "ci", 200],
      ["keys rotate", id, 200],
      ["keys revoke", id, 200],
      ["keys revoke", "nobody", "key_not_found"],
    ]);
    expect(ofKeys[0]).toMatchObject({ by: expect.stringMatching(/^cli ada@/), made: `/v1/keys/${key.slice(3, 15)}` });
    for (const secret of [key, other, next]) expect(exported.out).not.toContain(secret.slice(16, 40));
    expect((await ask(["audit"])).err).toContain("unauthenticated");
  });
});
