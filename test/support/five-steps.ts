import type { Simulator } from "../../src/simulator/index.ts";

/** Five model steps, one after the other. The simulated provider can tell them apart, and runs by their tag. */
export const fiveSteps = {
  name: "five-steps",
  input: { type: "object", required: ["tag"], properties: { tag: { type: "string" } } },
  defaults: { retry: { attempts: 3, backoff: "100ms" }, timeout: "30m" },
  steps: [1, 2, 3, 4, 5].map((n) => ({
    id: `s${n}`,
    llm: {
      prompt: `Task ${n} of ${"{{ input.tag }}"}: summarise this. ${n > 1 ? `{{ steps.s${n - 1}.output }}` : "The pump failed at noon."}`,
    },
  })),
};

/** How often each of the five steps of a tagged run reached a provider. */
export function callsByStep(simulator: Simulator, tag: string): Readonly<Record<string, number>> {
  const counts: Record<string, number> = { s1: 0, s2: 0, s3: 0, s4: 0, s5: 0 };
  for (const hit of simulator.hits()) {
    const match = /^Task (\d) of (\S+):/.exec(hit.prompt);
    if (match?.[2] === tag) counts[`s${match[1]}`] = (counts[`s${match[1]}`] ?? 0) + 1;
  }
  return counts;
}
