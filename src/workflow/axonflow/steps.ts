import { z } from "zod";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { didYouMean } from "../../core/suggest.ts";
import type { ProblemList } from "../problem-list.ts";
import { readShape } from "../shape.ts";
import type { Branch } from "./branches.ts";
import { duration, ourDuration } from "./duration.ts";
import type { ResponseField } from "./texts.ts";
import type { Translation } from "./translation.ts";

/** What a step is translated with. */
export interface StepTranslation {
  readonly index: number;
  readonly translation: Translation;
  /** The side of a conditional step that it is on. */
  readonly branch: Branch | undefined;
  readonly problems: ProblemList;
}

/** One type of step. */
interface StepType {
  readonly shape: z.ZodType;
  /** Its kind key with what stands under it. @returns undefined: that was reported */
  translate(step: JsonObject, work: StepTranslation): JsonObject | undefined;
}

const head = { name: z.string(), type: z.string(), timeout: duration.optional() };
const schema = z.record(z.string(), z.json());
const target = z.string({ error: "must be the name of the step that runs then." }).optional();

const types: Readonly<Record<string, StepType>> = {
  "llm-call": {
    shape: z.strictObject({
      ...head,
      provider: z.string().optional(),
      model: z.string().optional(),
      prompt: z.string(),
      max_tokens: z.number().optional(),
      output_schema: schema.optional(),
    }),
    translate: llmStep,
  },
  "api-call": {
    shape: z.strictObject({ ...head, parameters: schema, output_schema: schema.optional() }),
    translate: (step, work) => httpStep(step, work),
  },
  "function-call": {
    shape: z.strictObject({
      ...head,
      function: z.string().optional(),
      parameters: schema.optional(),
      output_schema: schema.optional(),
    }),
    translate: functionStep,
  },
  "connector-call": {
    shape: z.strictObject({
      ...head,
      connector: z.string().optional(),
      operation: z.string().optional(),
      parameters: schema.optional(),
      output_schema: schema.optional(),
    }),
    translate: connectorStep,
  },
  conditional: {
    shape: z.strictObject({ ...head, condition: z.string(), if_true: target, if_false: target }),
    translate: conditionalStep,
  },
};

/** One step of the document as a step of ours. One that cannot be translated is reported, and a step of its name stands in its place. */
export function stepOf(step: Json, work: StepTranslation): JsonObject {
  const { index, translation, branch, problems } = work;
  const from = ["spec", "steps", index];
  translation.keep(step, { to: ["steps", index], from });
  const { name, type, timeout } = isJsonObject(step) ? step : {};
  const id = translation.keep(typeof name === "string" ? name : `step-${index + 1}`, {
    to: ["steps", index, "id"],
    from: [...from, "name"],
  });
  const known = typeof type === "string" && Object.hasOwn(types, type) ? types[type] : undefined;
  if (!known) problems.add([...from, "type"], wrongType(type));
  const read = known && readShape(known.shape, step, from, problems);
  const body = read === undefined ? undefined : known?.translate(step as JsonObject, work);
  return {
    id,
    ...(branch
      ? { when: translation.keep(`steps.${branch.of}.output == ${branch.when}`, whenMove(index, branch)) }
      : {}),
    ...(typeof timeout === "string"
      ? {
          timeout: translation.keep(ourDuration(timeout), {
            to: ["steps", index, "timeout"],
            from: [...from, "timeout"],
          }),
        }
      : {}),
    ...(body ?? { transform: "null" }),
  };
}

function whenMove(index: number, branch: Branch) {
  return { to: ["steps", index, "when"], from: ["spec", "steps", branch.index, branch.key] };
}

function wrongType(type: Json | undefined): string {
  const names = Object.keys(types);
  return `must be one of ${names.join(", ")}.${typeof type === "string" ? didYouMean(type, names) : ""}`;
}

/** What `.response` means behind the output of each step. */
export function responseField(steps: readonly Json[]): ResponseField {
  const fields = steps.flatMap((step): [string, string][] => {
    if (!isJsonObject(step) || typeof step.name !== "string") return [];
    const { output_schema: said } = step;
    if (step.type === "api-call" || step.type === "connector-call") return [[step.name, ".body"]];
    const isNamed = isJsonObject(said) && isJsonObject(said.properties) && Object.hasOwn(said.properties, "response");
    return [[step.name, isNamed ? ".response" : ""]];
  });
  const byName = new Map(fields);
  return (step) => byName.get(step) ?? ".response";
}

function llmStep(step: JsonObject, { index, translation }: StepTranslation): JsonObject {
  const { prompt = "", max_tokens, output_schema, provider, model } = step;
  const move = (key: string, ...to: string[]) => ({ to: ["steps", index, ...to], from: ["spec", "steps", index, key] });
  const route = {
    ...(provider === undefined ? {} : { provider: translation.keep(provider, move("provider", "route", "provider")) }),
    ...(model === undefined ? {} : { model: translation.keep(model, move("model", "route", "model")) }),
  };
  translation.keep(step, { to: ["steps", index, "llm"], from: ["spec", "steps", index] });
  return {
    llm: {
      prompt: translation.texts(prompt, move("prompt", "llm", "prompt")),
      ...(max_tokens === undefined ? {} : { max_tokens }),
      ...(output_schema === undefined
        ? {}
        : { output: translation.keep(output_schema, move("output_schema", "llm", "output")) }),
    },
    ...(Object.keys(route).length === 0 ? {} : { route }),
  };
}

function httpStep({ parameters = {}, output_schema }: JsonObject, { index, translation }: StepTranslation): JsonObject {
  const http = parametersAs("http", parameters, { index, translation });
  const move = { to: ["steps", index, "http", "response"], from: ["spec", "steps", index, "output_schema"] };
  return {
    http: { ...http, ...(output_schema === undefined ? {} : { response: translation.keep(output_schema, move) }) },
  };
}

function connectorStep(step: JsonObject, work: StepTranslation): JsonObject | undefined {
  const { parameters, operation } = step;
  const isHttp = isJsonObject(parameters) && parameters.url !== undefined && operation === undefined;
  if (isHttp) return httpStep(step, work);
  const message =
    "connector-call cannot be run: the file does not say what its connector does. Write the request into parameters (url, method, headers, query, body) without an operation, or call a function-call with parameters.module.";
  work.problems.add(["spec", "steps", work.index, "type"], message);
  return undefined;
}

function functionStep(step: JsonObject, { index, translation, problems }: StepTranslation): JsonObject | undefined {
  const { parameters, output_schema, function: name } = step;
  const from = ["spec", "steps", index];
  if (!isJsonObject(parameters) || parameters.module === undefined) {
    const message =
      "function-call needs parameters.module: the file of the workers' functions folder that holds the function, such as ./orders.mjs; with parameters.input, what it is given.";
    problems.add([...from, parameters === undefined ? "type" : "parameters"], message);
    return undefined;
  }
  const move = (key: string, to: string) => ({ to: ["steps", index, "function", to], from: [...from, key] });
  return {
    function: {
      ...parametersAs("function", parameters, { index, translation }),
      ...(name === undefined ? {} : { export: translation.keep(name, move("function", "export")) }),
      ...(output_schema === undefined
        ? {}
        : { output: translation.keep(output_schema, move("output_schema", "output")) }),
    },
  };
}

/** Gives whether its condition holds; the steps that it names read that. */
function conditionalStep(step: JsonObject, { index, translation }: StepTranslation): JsonObject {
  const to = ["steps", index, "switch"];
  translation.keep(step, { to, from: ["spec", "steps", index] });
  const condition = translation.condition(String(step.condition), {
    to: [...to, "cases", 0, "when"],
    from: ["spec", "steps", index, "condition"],
  });
  const gives = (output: boolean) => ({ steps: [{ id: "result", transform: String(output) }] });
  return { switch: { cases: [{ when: condition, ...gives(true) }], default: gives(false) } };
}

function parametersAs(
  kind: string,
  parameters: Json,
  { index, translation }: Pick<StepTranslation, "index" | "translation">,
): JsonObject {
  const move = { to: ["steps", index, kind], from: ["spec", "steps", index, "parameters"] };
  return translation.texts(parameters, move) as JsonObject;
}
