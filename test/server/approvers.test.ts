import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SwitchyardClient } from "../../src/client/client.ts";
import { mayDecide } from "../../src/core/approvers.ts";
import { eventually } from "../support/eventually.ts";
import { accessKeys } from "./access-keys.ts";
import { type RunningApp, startApp } from "./running-app.ts";

let running: RunningApp;
const clients: Record<string, SwitchyardClient> = {};

beforeAll(async () => {
  running = await startApp();
  const keys = await accessKeys(running, { ada: { scope: "operate" }, bob: { scope: "operate" } });
  for (const [name, apiKey] of Object.entries(keys)) clients[name] = new SwitchyardClient({ url: running.url, apiKey });
});
afterAll(() => running.close());

describe("an approval that asks somebody", () => {
  const gated = { name: "gated", steps: [{ id: "gate", approval: { message: "Go on?", who: ["ada"] } }] };

  test("is decided by them alone, whichever way the word comes, and says who it was", async () => {
    const { ada, bob } = clients;
    if (!ada || !bob) throw new Error("no clients");
    const { id } = await bob.submit({ definition: gated });
    await eventually(async () => expect((await bob.get(id)).steps[0]?.status).toBe("waiting"));
    await expect(bob.decide(id, "approve", { author: "ada" })).rejects.toMatchObject({ code: "not_an_approver" });
    const payload = { approved: true, by: "ada" };
    await expect(bob.signal(id, "approval:gate", { payload })).rejects.toMatchObject({ code: "not_an_approver" });
    expect((await bob.get(id)).steps[0]?.status).toBe("waiting");
    await ada.decide(id, "approve", { author: "Ada Lovelace" });
    const { status, output } = await ada.wait(id);
    expect([status, output]).toEqual(["succeeded", expect.objectContaining({ by: "ada on behalf of Ada Lovelace" })]);
  });

  test("takes no word of others that was sent before it waited", async () => {
    const { ada, bob } = clients;
    if (!ada || !bob) throw new Error("no clients");
    const steps = [{ id: "first", wait: { signal: "go" } }, ...gated.steps];
    const { id } = await bob.submit({ definition: { name: "later", steps } });
    const forged = { approved: true, by: "ada", asker: { name: "ada", scopes: [], keyId: null } };
    await bob.signal(id, "approval:gate", { payload: forged });
    await bob.signal(id, "go");
    await eventually(async () => expect((await bob.get(id)).steps[1]?.status).toBe("waiting"));
    const refused = (await bob.history(id)).find(({ type }) => type === "signal.refused");
    expect(refused).toMatchObject({ step: "gate", problems: ["bob is not among those who are asked: ada."] });
    await ada.decide(id, "reject");
    expect((await ada.wait(id)).error).toMatchObject({ code: "approval_rejected" });
  });

  test("names keys or scopes; where no key is asked for nobody is refused", () => {
    const asker = { name: "bob", scopes: ["read", "submit", "operate"] as const, keyId: "k" };
    expect(mayDecide([], asker)).toBe(true);
    expect(mayDecide(["ada"], asker)).toBe(false);
    expect(mayDecide(["ada", "bob"], asker)).toBe(true);
    expect(mayDecide(["scope:operate"], asker)).toBe(true);
    expect(mayDecide(["scope:admin"], asker)).toBe(false);
    expect(mayDecide(["ada"], { ...asker, keyId: null })).toBe(true);
  });
});
