import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { startSimulator } from "../../src/simulator/index.ts";
import { scheduleOf } from "../../src/simulator/schedule.ts";
import { parseOutageScript } from "../../src/simulator/script.ts";

test("the shipped rehearsal is a script in which every outage ends", () => {
  const text = readFileSync(new URL("../../workflows/rehearsals/outage.yaml", import.meta.url), "utf8");
  const { outages } = parseOutageScript(text);
  expect(outages.length).toBeGreaterThan(3);
  expect(outages.every(({ toMs }) => toMs !== undefined && toMs <= 70_000)).toBe(true);
});

test("a schedule tells the outages in the order in which they begin", () => {
  const script = parseOutageScript(`outages:
  - { provider: anthropic, from: 1m, fault: { kind: refuse } }
  - { provider: openai, to: 5s, fault: { kind: status, status: 503, probability: 0.4, times: 3, match: hello } }`);
  expect(scheduleOf(script)).toEqual([
    ["0 ms to 5.0 s", "openai", 'status 503, 40 % of its calls, 3 times, where a prompt has "hello"'],
    ["1 m 00 s to the end", "anthropic", "refuse"],
  ]);
});

test("a taken port is told with a way out", async () => {
  const first = await startSimulator({ providers: ["openai"] });
  const port = Number(new URL(first.controlUrl).port);
  await expect(startSimulator({ port, providers: [] })).rejects.toMatchObject({
    code: "port_taken",
    message: expect.stringContaining("is taken"),
  });
  await first.close();
});
