import { fromPromise, type PromiseActorLogic } from "xstate";
import type { Json, JsonObject } from "../core/json.ts";
import { stepMark } from "../core/step-mark.ts";

/** A step kind as an actor of an XState machine: its types and its name. It runs in the engine alone. */
export type StepActor<Output = Json> = PromiseActorLogic<Output, JsonObject>;

function stepActor<Output = Json>(kind: string): StepActor<Output> {
  const logic = fromPromise<Output, JsonObject>(() =>
    Promise.reject(
      new Error(`A ${kind} actor runs only in Switchyard; give the machine actors of your own to try it elsewhere.`),
    ),
  );
  return Object.assign(logic, { [stepMark]: kind });
}

/** One question to a model. Its output is the answer's text, or with `output` an object of that JSON Schema. */
export const llm: StepActor = stepActor("llm");
/** A model with tools, until it is done. */
export const agent: StepActor = stepActor("agent");
/** A request to an HTTP server. */
export const http: StepActor<JsonObject> = stepActor("http");
/** A function from a module of the functions folder. */
export const fn: StepActor = stepActor("function");
/** A wait for a time, a date or a signal. */
export const wait: StepActor = stepActor("wait");
/** A wait for a person. */
export const approval: StepActor = stepActor("approval");
/** Another workflow, with a run of its own. */
export const workflow: StepActor = stepActor("workflow");
