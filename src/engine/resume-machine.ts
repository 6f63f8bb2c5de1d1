import { AppError } from "../core/errors.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { EventBody, Run } from "../core/run.ts";
import type { ForkRequest } from "./engine.ts";
import type { ActiveActor, ResumePoint, RunState, Transition } from "./state.ts";

/**
 * The first transition of a retry of an author's own machine: it stands where it stood before what ended it, and what was under way then is dispatched anew. Pure.
 * @param run with its outputs: what had succeeded is shown as kept @param now epoch milliseconds; timers wait on for what they still had
 */
export function decideResume(run: Run, { at, snapshot, active }: ResumePoint, now: number): Transition {
  const actors = Object.entries(active).map(([actor, { timer, ...one }], index): readonly [string, ActiveActor] => {
    const later = timer && { timer: { ...timer, dueAt: now + Math.max(0, timer.dueAt - at) } };
    return [actor, { ...one, ...later, epoch: index + 1 }];
  });
  const kept = run.steps.filter(({ id, status }) => status === "succeeded" && !Object.hasOwn(active, id));
  const outputs = kept.flatMap(({ id, output }): (readonly [string, Json])[] =>
    output === undefined ? [] : [[id, output]],
  );
  const events = [
    ...kept.flatMap(({ id, served, reusedFrom }): EventBody[] => [
      { type: "step.queued", step: id },
      { type: "step.reused", step: id, run: reusedFrom ?? run.id, served },
    ]),
    ...actors.flatMap(([step, { timer }]): EventBody[] => (timer ? [] : [{ type: "step.queued", step }])),
  ];
  return {
    state: { snapshot, active: Object.fromEntries(actors), epoch: actors.length },
    outputs: Object.fromEntries(outputs),
    events,
    opened: actors.map(([actor, { epoch, kind, timer }]) => ({ actor, epoch, kind, dueAt: timer?.dueAt ?? 0 })),
    closed: [],
    abandoned: [],
    ending: null,
  };
}

/**
 * Where a run of an author's own machine can be taken up again: where it ended, with what its machine then knew.
 * @param state as text, as it is stored @param input the fork's
 * @throws AppError nothing_to_retry - it has not failed; bad_request - another step, version or input was asked for
 */
export function resumePoint(run: Run, state: string | null, request: ForkRequest, input: JsonObject): ResumePoint {
  const { id, workflow, status, version } = run;
  const { resume } = (state === null ? {} : JSON.parse(state)) as Partial<RunState>;
  if (status !== "failed" && status !== "cancelled") {
    const message = `Run ${id} ${status === "succeeded" ? "has succeeded" : `is ${status}: it has not ended`}.`;
    throw new AppError("nothing_to_retry", { message, details: { run: id, status } });
  }
  const isChanged = JSON.stringify(input) !== JSON.stringify(run.input);
  const why = refusal(resume, request, { isChanged, isOtherVersion: (request.version ?? version) !== version });
  if (resume !== undefined && why === undefined) return resume;
  const message = `Run ${id} is one of an XState machine: ${why}. Submit a new run to begin anew.`;
  throw new AppError("bad_request", { message, details: { workflow } });
}

function refusal(
  resume: ResumePoint | undefined,
  { from }: ForkRequest,
  { isChanged, isOtherVersion }: { readonly isChanged: boolean; readonly isOtherVersion: boolean },
): string | undefined {
  if (resume === undefined) return "where it stood is not known any more";
  const { step } = resume;
  if (from !== undefined && from !== step) {
    const where = step === null ? "" : `, from "${step}"`;
    return `its states have no order that says what comes before a step; it can be retried where it ended${where}`;
  }
  if (isOtherVersion) return "its state is that of the version that it began with";
  return isChanged ? "its context was made of the input that it began with" : undefined;
}
