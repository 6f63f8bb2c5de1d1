// A machine with a child machine, a promise actor of its own, messages between the two, and an emitted event. All of it is durable.
import { assign, emit, fromPromise, sendParent, sendTo, setup } from "xstate";

/** Runs in a worker, as a step: with attempts, a timeout and a line in the history. */
const bookCourier = fromPromise(async ({ input }) => ({ courier: input.grams > 1000 ? "van" : "bike" }));

const packing = setup({ actors: { bookCourier } }).createMachine({
  id: "packing",
  initial: "booking",
  context: ({ input }) => ({ grams: input.grams, courier: null, hurried: false }),
  on: { HURRY: { actions: assign({ hurried: true }) } },
  states: {
    booking: {
      meta: { step: { retry: { attempts: 3 }, timeout: "10s" } },
      invoke: {
        id: "courier", // In the run: parcel.courier.
        src: "bookCourier",
        input: ({ context }) => ({ grams: context.grams }),
        onDone: {
          target: "ready",
          actions: [assign({ courier: ({ event }) => event.output.courier }), sendParent({ type: "BOOKED" })],
        },
      },
    },
    // switchyard runs signal RUN COLLECTED; nobody comes for an hour: it goes on all the same.
    ready: { on: { COLLECTED: "gone" }, after: { 3600000: "gone" } },
    gone: { type: "final" },
  },
  output: ({ context: { courier, hurried } }) => ({ courier, hurried }),
});

export default setup({ actors: { packing } }).createMachine({
  id: "parcel",
  initial: "packing",
  context: ({ input }) => ({ grams: input.grams, booked: false, result: null }),
  states: {
    packing: {
      invoke: {
        id: "parcel",
        src: "packing",
        input: ({ context }) => ({ grams: context.grams }),
        onDone: { target: "sent", actions: assign({ result: ({ event }) => event.output }) },
        onError: "lost",
      },
      on: {
        BOOKED: { actions: [assign({ booked: true }), emit({ type: "courier_booked" })] },
        HURRY: { actions: sendTo("parcel", { type: "HURRY" }) },
        COLLECTED: { actions: sendTo("parcel", { type: "COLLECTED" }) },
      },
    },
    sent: { type: "final" },
    lost: { type: "final" },
  },
  output: ({ context: { booked, result } }) => ({ booked, ...result }),
});
