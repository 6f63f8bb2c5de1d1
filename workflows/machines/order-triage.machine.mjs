// An XState v5 machine as it stands: each invoked actor is a durable step, each `after` a durable timer, each event a signal.
import { assign, setup } from "xstate";

export default setup({
  guards: {
    urgent: ({ event }) => event.output.urgent === true,
  },
}).createMachine({
  id: "order-triage",
  initial: "sorting",
  context: ({ input }) => ({ text: input.text, label: null, answer: null, approved: false, error: null }),
  states: {
    sorting: {
      meta: { step: { retry: { attempts: 4 }, timeout: "1m" } },
      invoke: {
        id: "sort",
        src: "llm",
        input: ({ context }) => ({
          prompt: `Label this order, and say whether it is urgent:\n${context.text}`,
          output: {
            type: "object",
            required: ["label", "urgent"],
            properties: { label: { type: "string" }, urgent: { type: "boolean" } },
          },
        }),
        onDone: [
          { guard: "urgent", target: "waiting", actions: assign({ label: ({ event }) => event.output.label }) },
          { target: "answering", actions: assign({ label: ({ event }) => event.output.label }) },
        ],
        onError: "failed",
      },
    },
    // switchyard runs signal RUN APPROVE (or REJECT); after a day nobody has said anything.
    waiting: {
      on: { APPROVE: { target: "answering", actions: assign({ approved: true }) }, REJECT: "done" },
      after: { 86400000: "done" },
    },
    answering: {
      invoke: {
        id: "answer",
        src: "llm",
        input: ({ context }) => ({ prompt: `Thank the customer for this order (${context.label}):\n${context.text}` }),
        onDone: { target: "done", actions: assign({ answer: ({ event }) => event.output }) },
        onError: "failed",
      },
    },
    done: { type: "final" },
    failed: { type: "final", entry: assign({ error: "The order could not be read." }) },
  },
  output: ({ context: { label, answer, approved, error } }) => ({ label, answer, approved, error }),
});
