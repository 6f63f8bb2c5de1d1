import { createHash, randomUUID } from "node:crypto";
import { AppError } from "../core/errors.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import type { Definitions } from "./definitions.ts";
import type { Dispatcher } from "./dispatch.ts";
import { commandJob } from "./job.ts";
import type { RunStore } from "./run-store.ts";

/** A signal, and the run that it is for. */
export interface SentEvent {
  readonly runId: string;
  readonly name: string;
  readonly payload: Json;
  /** The same id is taken once. */
  readonly id: string | undefined;
  readonly workflow: string;
  readonly version: number;
}

/** What sending needs. */
export interface SendParts {
  readonly store: RunStore;
  readonly definitions: Definitions;
  readonly dispatcher: Dispatcher;
}

/**
 * Sends a signal to the machine of a run, where it is one of the author's own, as the event `{ type: NAME, ...payload }`. An event that its state does not know
 * changes nothing. @throws AppError bad_request - the name is one of XState's
 */
export async function sendEvent(
  parts: SendParts,
  { runId, name, payload, id, workflow, version }: SentEvent,
): Promise<void> {
  const { definition } = await parts.definitions.show(workflow, version);
  if (!definition.machine) return;
  if (name.startsWith("xstate.")) {
    throw new AppError("bad_request", { message: `"${name}" is an event that only XState itself sends.` });
  }
  const command = `event-${createHash("sha256")
    .update(id ?? randomUUID())
    .digest("hex")}`;
  const event = { ...(isJsonObject(payload) ? payload : { payload }), type: name };
  const posted = await parts.store.commands.post(runId, command, { type: "event", event });
  // It ended a moment ago: the signal was accepted, and nobody is there who could act on it.
  if (posted.type !== "posted") return;
  await parts.dispatcher.restore([commandJob(runId, posted.workflow, posted.version, command)]);
}
