import { describe, expect, test } from "vitest";
import { AppError } from "../../src/core/errors.ts";
import type { Json } from "../../src/core/json.ts";
import { define, problemsOf } from "./support/define.ts";

const secret = "t0p-Secret-4711";

function withUrl(url: string): string {
  return `name: w\nsteps:\n  - id: call\n    http: { url: ${JSON.stringify(url)} }`;
}

async function rendered(url: string, env: Readonly<Record<string, string | null>>): Promise<Json> {
  const body = await define(withUrl(url))
    .steps.get("call")
    ?.render({ input: { key: secret }, steps: {}, env });
  return (body as { readonly url: Json }).url;
}

async function failure(url: string, env: Readonly<Record<string, string | null>>): Promise<AppError> {
  try {
    await rendered(url, env);
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error("nothing failed");
}

describe("environment variables in templates", () => {
  test.each([
    ["{{ env.HOST }}/x", "http://shop/x"],
    ["{{ secrets.HOST }}/x", "http://shop/x"],
    ["{{ env.HOST | upcase }}", "HTTP://SHOP"],
    ["{% if env.UNSET %}a{% else %}{{ env.HOST }}{% endif %}", "http://shop"],
    ["{{ env.UNSET | default: env.HOST }}", "http://shop"],
  ])("%s is %s", async (url, value) => {
    expect(await rendered(url, { HOST: "http://shop", UNSET: null })).toBe(value);
  });

  test("that steps may not read fail the step and name those that they may", async () => {
    const error = await failure("{{ env.SHOP_TOKN }}", { SHOP_TOKEN: secret, SHOP_URL: "x" });
    expect(error.code).toBe("variable_unavailable");
    expect(error.message).toBe(
      'Step "call", http.url: reads env.SHOP_TOKN, which steps may not read here; SWITCHYARD_STEP_ENV lists SHOP_TOKEN, SHOP_URL. Did you mean SHOP_TOKEN?',
    );
  });

  test("that are not set fail the step and are named", async () => {
    const error = await failure("http://shop/{{ env.SHOP_TOKEN }}", { SHOP_TOKEN: null });
    expect(error.code).toBe("variable_unavailable");
    expect(error.message).toContain("env.SHOP_TOKEN is not set on the worker");
  });

  test("stand in no error of a template, whatever it does with them", async () => {
    const error = await failure("{{ input[env.SHOP_TOKEN].name }}", { SHOP_TOKEN: secret });
    expect(error.code).toBe("template_failed");
    expect(error.message).not.toContain(secret);
  });

  test.each([
    ["an llm's prompt", "- { id: a, llm: { prompt: '{{ env.TOKEN }}' } }"],
    ["a when", "- { id: a, when: env.TOKEN == 'x', http: { url: 'http://x' } }"],
    ["a noop", "- { id: a, noop: { a: '{{ secrets.TOKEN }}' } }"],
  ])("are out of reach of %s", (_where, step) => {
    const [problem] = problemsOf(`name: w\nsteps:\n  ${step}`);
    expect(problem?.message).toContain("only steps of kind http and function can read them");
  });

  test("are out of reach of the run's output", () => {
    const [problem] = problemsOf(`${withUrl("http://x")}\noutput: "{{ env.TOKEN }}"`);
    expect(problem?.message).toContain("environment variables are out of reach here");
  });

  test.each(["{{ env }}", "{{ env[input.name] }}", "{{ env.TOKEN.size }}"])("%s: each is named", (url) => {
    expect(problemsOf(withUrl(url))[0]?.message).toContain("name the variable: env.NAME.");
  });
});
