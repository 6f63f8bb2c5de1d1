import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { Fleet } from "../support/fleet.ts";
import type { Program } from "../support/program.ts";

let fleet: Fleet;
let second: Program;
beforeAll(async () => {
  fleet = await Fleet.start({ LLM_PROVIDERS: "openai" });
  second = await fleet.anotherApi();
});
afterAll(() => fleet.close());

test("a server is killed in the middle of a request: the next one of its key is carried out by another server, with the same key for the vendor", async () => {
  const ask = async ({ ready }: Program) => {
    const answer = await fetch(`${ready.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": "once" },
      body: JSON.stringify({ model: "auto", messages: [{ role: "user", content: "Say something short." }] }),
    });
    const isReplayed = answer.headers.get("idempotency-replayed") === "true";
    return { status: answer.status, text: await answer.text(), isReplayed };
  };
  const hits = () => fleet.simulator.hits("openai").map(({ idempotencyKey }) => idempotencyKey);
  await fleet.simulator.down("openai", { kind: "hold" });
  const lost = ask(fleet.api).catch((error: unknown) => error);
  await eventually(() => expect(hits()).toHaveLength(1));
  fleet.api.kill("SIGKILL");
  expect(await lost).toBeInstanceOf(Error);
  await fleet.simulator.up("openai");

  const answers = await Promise.all(Array.from({ length: 5 }, () => ask(second)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  expect(answers.filter(({ isReplayed }) => !isReplayed)).toHaveLength(1);
  expect(hits()).toEqual(["default-once-1", "default-once-1"]);
});
