import { z } from "zod";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { compensationShape, defaultsShape, definitionShape, stepShape } from "../definition.ts";
import type { StepKindSpec } from "../kinds/kind.ts";
import { machineShape } from "../machine-definition.ts";
import {
  actionShapes,
  actions,
  machineConfigShape,
  nestedMachines,
  nestedStates,
  stateShape,
  transitionShape,
  transitions,
  transitionsByEvent,
} from "../machine-json/config.ts";
import { authorSchema, stepCompensation, stepDefaults, stepList } from "../shape.ts";

/** The version of JSON Schema that editors know best. They bring its meta-schema along, for the schemas inside a workflow. */
const draft = "http://json-schema.org/draft-07/schema#";

/**
 * The workflow format as JSON Schema, for editors: keys, types and limits, with a sentence for each key. What it cannot say (references,
 * templates, needs) is found by `switchyard validate`.
 */
export function workflowSchema(kinds: readonly StepKindSpec[]): JsonObject {
  const ofSteps = kinds.filter(({ onlyUndoes }) => !onlyUndoes);
  const top = asSchema(definitionShape);
  const properties = members(top.properties);
  const { maxItems, minItems, description } = members(properties.steps);
  return {
    $schema: draft,
    title: "Switchyard workflow",
    ...top,
    required: ["name"],
    if: { required: ["machine"] },
    else: { required: ["steps"] },
    properties: {
      ...properties,
      machine: {
        description: "An XState machine, in the place of steps: of a module, or written here.",
        anyOf: [asSchema(machineShape), { $ref: "#/definitions/machine" }],
      },
      defaults: { ...members(properties.defaults), allOf: [{ $ref: "#/definitions/defaults" }] },
      steps: { description, type: "array", minItems, maxItems, items: { $ref: "#/definitions/step" } },
    },
    definitions: {
      step: stepSchema(stepShape(ofSteps), ofSteps),
      compensation: stepSchema(compensationShape(kinds), kinds),
      defaults: defaultsSchema(kinds),
      ...machineSchemas(),
      ...Object.fromEntries(kinds.map((kind) => [kind.name, bodySchema(kind)])),
    },
  };
}

/** A schema as text, as it stands in docs/reference/workflow.schema.json. */
export function schemaText(schema: JsonObject): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function defaultsSchema(kinds: readonly StepKindSpec[]): JsonObject {
  const { properties, ...rest } = asSchema(defaultsShape(kinds));
  const described = Object.entries(members(properties)).map(([key, value]) => {
    const isKind = kinds.some(({ name }) => name === key);
    return [key, isKind ? { description: `For every ${key} step.`, ...members(value) } : value] as const;
  });
  return { ...rest, properties: Object.fromEntries(described) };
}

/** A step, and what undoes one, is its head, and exactly one kind key. */
function stepSchema(shape: z.ZodType, kinds: readonly StepKindSpec[]): JsonObject {
  const step = asSchema(shape);
  const bodies = kinds.map(({ name }) => [name, { $ref: `#/definitions/${name}` }] as const);
  return {
    ...step,
    properties: { ...members(step.properties), ...Object.fromEntries(bodies) },
    oneOf: kinds.map(({ name }) => ({ required: [name] })),
  };
}

/** What stands under a kind key. A key that may come from the workflow's `defaults` is never required there. */
function bodySchema({ schema, defaults }: StepKindSpec): JsonObject {
  const { required, ...body } = asSchema(schema);
  const fromDefaults = defaults ? Object.keys(members(asSchema(defaults).properties)) : [];
  const own = Array.isArray(required) ? required.filter((key) => !fromDefaults.includes(String(key))) : [];
  return own.length === 0 ? body : { ...body, required: own };
}

function asSchema(schema: z.ZodType): JsonObject {
  const made = z.toJSONSchema(schema, {
    target: "draft-7",
    io: "input",
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      const replacement = elsewhere.get(zodSchema);
      if (replacement) replace(jsonSchema, replacement);
    },
  });
  const { $schema: _, definitions, ...rest } = JSON.parse(JSON.stringify(made)) as JsonObject;
  return members(plainer(rest, anyJson(definitions)));
}

/** The parts of a machine that is written as data. */
function machineSchemas(): JsonObject {
  const oneOrMore = (one: JsonObject) => ({ anyOf: [one, { type: "array", items: one }] });
  return {
    machine: asSchema(machineConfigShape),
    machine_state: asSchema(stateShape),
    machine_transitions: oneOrMore({ anyOf: [{ type: "string" }, asSchema(transitionShape)] }),
    machine_actions: oneOrMore({ anyOf: Object.values(actionShapes).map((shape) => asSchema(shape)) }),
  };
}

function recordOf(definition: string): JsonObject {
  return { type: "object", additionalProperties: { $ref: `#/definitions/${definition}` } };
}

/** What the shapes leave unchecked because it is checked elsewhere, as editors are to see it. */
const elsewhere: ReadonlyMap<unknown, JsonObject> = new Map<unknown, JsonObject>([
  [authorSchema, { $ref: draft }],
  [stepList, { type: "array", minItems: 1, items: { $ref: "#/definitions/step" } }],
  [stepCompensation, { $ref: "#/definitions/compensation" }],
  [stepDefaults, { $ref: "#/definitions/defaults" }],
  [nestedStates, recordOf("machine_state")],
  [nestedMachines, recordOf("machine")],
  [transitions, { $ref: "#/definitions/machine_transitions" }],
  [transitionsByEvent, recordOf("machine_transitions")],
  [actions, { $ref: "#/definitions/machine_actions" }],
]);

function replace(target: object, by: JsonObject): void {
  for (const key of Object.keys(target)) Reflect.deleteProperty(target, key);
  Object.assign(target, by);
}

/** Names of the definitions that zod makes for "any JSON value". */
function anyJson(definitions: Json | undefined): ReadonlySet<string> {
  return new Set(Object.keys(members(definitions)).map((name) => `#/definitions/${name}`));
}

/** Without what says nothing: references to any JSON value, bounds of all whole numbers, keys that are texts. */
function plainer(value: Json | undefined, any: ReadonlySet<string>): Json {
  if (Array.isArray(value)) return value.map((item) => plainer(item, any));
  if (!isJsonObject(value)) return value ?? null;
  const { allOf } = value;
  if (typeof value.$ref === "string" && any.has(value.$ref)) return {};
  const isAny = Array.isArray(allOf) && allOf.every((one) => isJsonObject(one) && any.has(String(one.$ref)));
  const kept = Object.entries(value).filter(([key, member]) => {
    if (key === "allOf") return !isAny;
    if (key === "maximum" || key === "minimum") return Math.abs(Number(member)) !== Number.MAX_SAFE_INTEGER;
    return key !== "propertyNames" || Object.keys(members(member)).length > 1;
  });
  return Object.fromEntries(kept.map(([key, member]) => [key, plainer(member, any)]));
}

function members(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
