import { isJsonObject } from "../core/json.ts";
import { runEvents } from "../workflow/statechart.ts";
import type { MachineEvent } from "./drive.ts";
import type { ActiveActor, Delivery, InboxEntry, RunState } from "./state.ts";

/** Whether an entry is the end of an actor. */
export function isOfActor(entry: InboxEntry): entry is Delivery {
  return entry.type !== "event" && entry.type !== "cancel";
}

/** What an entry of the inbox is to the machine. */
export function machineEvent(delivery: InboxEntry, state: RunState): MachineEvent {
  if (delivery.type === "event") return delivery.event;
  if (delivery.type === "cancel") return { ...delivery, type: runEvents.cancel };
  const { actor, event } = delivery;
  switch (delivery.type) {
    case "done": {
      const done = { type: `xstate.done.actor.${actor}`, actorId: actor, output: delivery.output };
      // No attempt: a fork keeps what another run has brought.
      const reused = event?.type === "step.reused" || (event?.type === "step.failed" && event.attempt === 0);
      return {
        ...done,
        ...(event?.type === "step.failed" ? { error: event.error } : {}),
        ...(reused ? { reused } : {}),
      };
    }
    case "error":
      return { type: `xstate.error.actor.${actor}`, actorId: actor, error: delivery.error };
    case "timer":
      return timerEvent(state.active[actor]);
  }
}

/** Of an author's own machine: the actor that a delivery is for; undefined: the run's machine. */
export function receiver(entry: InboxEntry, state: RunState): string | undefined {
  if (!isOfActor(entry)) return undefined;
  return entry.type === "timer" ? state.active[entry.actor]?.timer?.to : entry.actor;
}

function timerEvent(active: ActiveActor | undefined): MachineEvent {
  const carried = active?.input;
  return { ...(isJsonObject(carried) ? carried : {}), type: active?.timer?.event ?? "" };
}
