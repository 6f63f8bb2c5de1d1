import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Run } from "../../src/core/run.ts";
import { type RunningApp, startApp } from "../server/running-app.ts";

let running: RunningApp;
beforeAll(async () => {
  running = await startApp();
});
afterAll(() => running.close());

const triage = `apiVersion: axonflow.io/v1
kind: Workflow
metadata: { name: axonflow-triage, version: "1.0" }
spec:
  timeout: 1m30s
  retries: 1
  input:
    ticket: { type: string, required: true }
    urgent: { type: boolean, default: false }
  steps:
    - { name: sort-it, type: llm-call, provider: anthropic, model: claude-sonnet-4-6, prompt: "Sort {{input.ticket}}" }
    - { name: check, type: conditional, condition: "{{input.urgent}} == true", if_true: hurry, if_false: wait }
    - { name: hurry, type: llm-call, prompt: "Hurry: {{steps.sort-it.output.response}}" }
    - { name: wait, type: llm-call, prompt: "Wait: {{steps.sort-it.output.response}}" }
  output:
    sorted: "{{steps.sort-it.output.response}}"
    hurried: "{{steps.hurry.output.response}}"
`;

const finished = async (definition: string | object, input: object): Promise<Run> => {
  const { id } = await running.client.submit({ definition: definition as string, input: input as never });
  return running.client.wait(id);
};
const statuses = ({ steps }: Run) => Object.fromEntries(steps.map(({ id, status }) => [id, status]));

describe("a document of AxonFlow's format, on the engine", () => {
  test("runs: hints are kept, templates are filled in, one side of the condition is gone through", async () => {
    const run = await finished(triage, { ticket: "a broken lid", urgent: true });
    expect(run.status).toBe("succeeded");
    expect(statuses(run)).toEqual({ "sort-it": "succeeded", check: "succeeded", hurry: "succeeded", wait: "skipped" });
    const [sorted, , hurried] = run.steps;
    expect(sorted?.served).toMatchObject({ provider: "anthropic", modelServed: "claude-sonnet-4-6" });
    expect(hurried?.served?.provider).toBe("openai");
    expect(run.output).toEqual({ sorted: expect.stringContaining("a broken lid"), hurried: expect.any(String) });
  });

  test("takes the other side, with the input's default, when it comes as a JSON object", async () => {
    const { parse } = await import("yaml");
    const run = await finished(parse(triage), { ticket: "a question" });
    expect(statuses(run)).toMatchObject({ check: "succeeded", hurry: "skipped", wait: "succeeded" });
    expect(run.output).toMatchObject({ hurried: null });
  });

  test("a provider that is down is gone around: its provider is a preference", async () => {
    await running.simulator.down("anthropic", { kind: "refuse" });
    const run = await finished(triage, { ticket: "again" });
    await running.simulator.up("anthropic");
    expect(run.status).toBe("succeeded");
    expect(run.steps[0]?.served?.provider).not.toBe("anthropic");
  });

  test("is stored, and run by its name from then on", async () => {
    const { name, version } = await running.client.store(triage);
    const { id } = await running.client.submit({ workflow: name, version, input: { ticket: "stored" } });
    expect(await running.client.wait(id)).toMatchObject({ status: "succeeded", workflow: "axonflow-triage" });
  });

  test("is refused with every problem at its place in the document", async () => {
    const broken = triage.replace("type: conditional", "type: connector-call").replace("timeout: 1m30s", "timeout: 90");
    await expect(running.client.store(broken)).rejects.toMatchObject({
      code: "invalid_definition",
      problems: expect.arrayContaining([expect.objectContaining({ path: "spec.timeout", line: 5, column: 12 })]),
    });
  });
});
