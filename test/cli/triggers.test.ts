import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningApp, startApp } from "../server/running-app.ts";
import { type Printed, switchyard } from "./built-program.ts";

let running: RunningApp;
beforeAll(async () => {
  running = await startApp();
  await running.client.store("name: opened\nsteps:\n  - id: s\n    wait: { for: 1ms }\noutput: '{{ input.title }}'\n");
});
afterAll(() => running.close());

const triggers = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Printed> =>
  switchyard(["triggers", ...args, "--url", running.url], { cwd: running.redis.directory, env });

describe("switchyard triggers", () => {
  test("sets one, shows its new secret once, lists it masked, and removes it", async () => {
    const set = await triggers([
      "set",
      "issues",
      "opened",
      "--input",
      "title={{ body.title }}",
      "--delivery-header",
      "X-Id",
    ]);
    expect(set.code).toBe(0);
    const [first, second = ""] = set.out.trimEnd().split("\n");
    expect(first).toBe(`issues begins opened, by POST ${running.url}/v1/hooks/issues`);
    const secret = /^Its secret, shown this once: (whsec_\S+)$/.exec(second)?.[1] ?? "";
    const body = JSON.stringify({ title: "From outside" });
    const signature = createHmac("sha256", secret).update(body).digest("hex");
    const sent = await fetch(`${running.url}/v1/hooks/issues`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-hub-signature-256": `sha256=${signature}`, "x-id": "1" },
      body,
    });
    expect(sent.status).toBe(202);
    const { run } = (await sent.json()) as { run: string };
    expect((await running.client.wait(run)).output).toBe("From outside");
    const listed = await triggers(["list"]);
    expect(listed.out).toMatch(
      new RegExp(`issues +opened +github, x-hub-signature-256 +X-Id +\\*{4}${secret.slice(-4)}`),
    );
    const json = await triggers(["list", "--json"]);
    expect(JSON.parse(json.out).triggers).toHaveLength(1);
    for (const { out, err } of [listed, json]) expect(out + err).not.toContain(secret);
    expect(await triggers(["remove", "issues"])).toMatchObject({ code: 0, out: "issues is removed\n" });
    expect((await triggers(["list"])).err).toBe("No triggers.\n");
  });

  test("takes the secret from the environment, and every part of a signature", async () => {
    const secret = "correct horse battery staple";
    const words = ["--style", "stripe", "--tolerance", "1m", "--delivery-id", "{{ body.id }}", "--secret-env", "HOOK"];
    const set = await triggers(["set", "go", "--signal", "go", "--run", "{{ body.run }}", ...words, "--json"], {
      HOOK: secret,
    });
    expect(set.code).toBe(0);
    expect(set.out).not.toContain(secret);
    expect(JSON.parse(set.out)).toMatchObject({
      signal: { name: "go", run: "{{ body.run }}" },
      signature: { style: "stripe", header: "stripe-signature", toleranceMs: 60_000 },
      idempotency: { expression: "{{ body.id }}" },
      secret: "****aple",
    });
    await running.client.removeTrigger("go");
  });

  test("says what is wrong with its options", async () => {
    const alone = await triggers(["set", "x", "--signal", "go"]);
    expect([alone.code, alone.err]).toEqual([2, expect.stringContaining("--signal and --run go together")]);
    const unset = await triggers(["set", "x", "opened", "--secret-env", "HOOK"]);
    expect([unset.code, unset.err]).toEqual([2, expect.stringContaining("HOOK is not set")]);
    const both = await triggers(["set", "x", "opened", "--delivery-id", "a", "--delivery-header", "b"]);
    expect([both.code, both.err]).toEqual([2, expect.stringContaining("one of --delivery-header and --delivery-id")]);
  });
});
