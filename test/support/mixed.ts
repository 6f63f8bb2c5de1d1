const group = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `p${n}`);

/** A sequence, a group side by side, structured output, two conditions, a timer. The attempts are many: each death of a worker spends one. */
export const mixed = {
  name: "mixed",
  timeout: "1h",
  input: {
    type: "object",
    required: ["tag", "odd"],
    properties: { tag: { type: "string" }, odd: { type: "boolean" } },
  },
  defaults: { retry: { attempts: 50, backoff: "100ms", max_backoff: "1s" }, timeout: "3s" },
  steps: [
    { id: "first", llm: { prompt: "Begin {{ input.tag }}." } },
    ...group.map((id) => ({
      id,
      needs: ["first"],
      llm: { prompt: `Part ${id} of {{ input.tag }}: {{ steps.first.output }}` },
    })),
    {
      id: "sorted",
      needs: group,
      llm: {
        prompt: "Sort {{ input.tag }}: {{ steps.p1.output }} {{ steps.p8.output }}",
        output: {
          type: "object",
          required: ["severity", "parts"],
          additionalProperties: false,
          properties: { severity: { enum: ["low", "high"] }, parts: { type: "integer", minimum: 0 } },
        },
      },
    },
    { id: "odd", needs: ["sorted"], when: "input.odd", llm: { prompt: "Only odd {{ input.tag }}." } },
    {
      id: "high",
      needs: ["sorted"],
      when: 'steps.sorted.output.severity == "high"',
      llm: { prompt: "High {{ input.tag }}." },
    },
    {
      id: "last",
      needs: ["odd", "high"],
      llm: {
        prompt:
          "End {{ input.tag }}: {{ steps.sorted.output.parts }}{% if steps.odd.output %} {{ steps.odd.output }}{% endif %}",
      },
    },
  ],
  output: { severity: "{{ steps.sorted.output.severity }}", odd: "{{ steps.odd.output }}" },
};

const { timeout: _, ...rest } = mixed;

/** The same without a timer: nobody but its worker has to do with the end of such a run. */
export const untimed = { ...rest, name: "untimed" };
