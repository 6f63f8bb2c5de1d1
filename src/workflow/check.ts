import type { Hints } from "../core/call.ts";
import { AppError } from "../core/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { didYouMean } from "../core/suggest.ts";
import { isAxonflowDocument, translateDocument } from "./axonflow/document.ts";
import { checkNeeds, type Order } from "./check-needs.ts";
import { checkTemplates } from "./check-templates.ts";
import type { CheckedCompensation, CheckedDefinition, CheckedStep } from "./checked.ts";
import { type Defaults, defaultTimeoutMs, maxWaitMs, onErrorOf, retryPolicy } from "./definition.ts";
import { type Draft, type DraftStep, dispatchable, readDraft } from "./draft.ts";
import { agentKind } from "./kinds/agent.ts";
import { approvalKind } from "./kinds/approval.ts";
import { functionKind } from "./kinds/function.ts";
import { httpKind } from "./kinds/http.ts";
import type { StepKindSpec } from "./kinds/kind.ts";
import { llmKind } from "./kinds/llm.ts";
import { loopKind } from "./kinds/loop.ts";
import { mapKind } from "./kinds/map.ts";
import { parallelKind } from "./kinds/parallel.ts";
import { raceKind } from "./kinds/race.ts";
import { switchKind } from "./kinds/switch.ts";
import { transformKind } from "./kinds/transform.ts";
import { undoKind } from "./kinds/undo.ts";
import { waitKind } from "./kinds/wait.ts";
import { workflowKind } from "./kinds/workflow.ts";
import type { Locator } from "./locator.ts";
import { checkMachineDefinition, hasMachine } from "./machine-definition.ts";
import { type Nested, nestedIn, withInherited } from "./nested.ts";
import { ProblemList } from "./problem-list.ts";
import { readSource } from "./source.ts";

export type { CheckedDefinition, CheckedStep } from "./checked.ts";

/** How a definition is checked. */
export interface CheckOptions {
  /** The step kinds that it may use. Default: {@link defaultKinds}. */
  readonly kinds?: readonly StepKindSpec[];
  /** Names that a `route` may give as `strategy`. Default: any; the router refuses unknown ones when a run is submitted. */
  readonly strategies?: readonly string[];
  /** Stands before each position in the message. */
  readonly fileName?: string;
}

/** The kinds that every installation has. */
export const defaultKinds: readonly StepKindSpec[] = [
  llmKind,
  agentKind,
  httpKind,
  transformKind,
  functionKind,
  waitKind,
  approvalKind,
  workflowKind,
  mapKind,
  loopKind,
  parallelKind,
  raceKind,
  switchKind,
  undoKind,
];

/**
 * Reads and checks a definition, ours or one of AxonFlow's format: YAML or JSON text, or the object that such a text means.
 * @throws AppError invalid_definition with every problem at once, each with line and column where there is a text.
 */
export function checkDefinition(source: string | JsonObject, options: CheckOptions = {}): CheckedDefinition {
  const { kinds = defaultKinds, strategies, fileName } = options;
  const { value, problems: found, locator } = readSource(source);
  const problems = new ProblemList(locator, found);
  if (value === undefined || !isJsonObject(value)) {
    if (found.length === 0) problems.add([], "a workflow is an object with name and steps.");
    problems.throwIfAny(fileName);
  }
  const around = { kinds, strategies };
  const assemble = isAxonflowDocument(value)
    ? checkAxonflow(value, around, { problems, locator })
    : checkContent(value as JsonObject, around, problems);
  problems.throwIfAny(fileName);
  if (!assemble) throw new AppError("internal", { message: "A document that could not be translated had no problem." });
  return assemble();
}

/** Checks a document of AxonFlow's format as the definition that it means. @returns undefined: what is wrong with it leaves nothing to check */
function checkAxonflow(
  document: JsonObject,
  around: Surroundings,
  { problems, locator }: { readonly problems: ProblemList; readonly locator: Locator },
): (() => CheckedDefinition) | undefined {
  const translated = translateDocument(document, problems);
  return translated && checkContent(translated.definition, around, problems.translated(translated.locator(locator)));
}

/** What a definition, or a block of one, is checked against. */
interface Surroundings {
  readonly kinds: readonly StepKindSpec[];
  readonly strategies: readonly string[] | undefined;
  /** Of a block: what is around it, and what it has of its own. */
  readonly nested?: Pick<Nested, "outside" | "ownDefaults">;
}

/** Checks a definition with all its blocks. @returns puts it together, once nothing is wrong with any of them. */
function checkContent(content: JsonObject, around: Surroundings, problems: ProblemList): () => CheckedDefinition {
  const { kinds, strategies, nested } = around;
  if (!nested && hasMachine(content)) return checkMachineDefinition(content, kinds, problems);
  const draft = readDraft(content, kinds, problems);
  const order = checkNeeds(draft.steps, problems);
  checkTemplates(draft, order.dag, { kinds, outside: nested?.outside }, problems);
  // What a block inherits has been checked where it stands.
  const owns = (key: string) => !nested || Object.hasOwn(nested.ownDefaults, key);
  checkBackoff(draft, owns("retry"), problems);
  checkTolerance(draft, problems);
  checkUndone(draft, problems);
  if (strategies) checkStrategies(draft, owns("route"), strategies, problems);
  const blocks = nestedIn(draft).map((block) =>
    checkContent(block.content, { kinds, strategies, nested: block }, problems.below(block.path)),
  );
  return () =>
    assembled(
      content,
      draft,
      order,
      blocks.map((assemble) => assemble()),
    );
}

function checkTolerance({ head, steps }: Draft, problems: ProblemList): void {
  const tolerance = head?.soft_failure;
  if (tolerance?.type !== "required") return;
  const ids = steps.flatMap(({ id }) => (id === undefined ? [] : [id]));
  for (const name of tolerance.steps) {
    if (!ids.includes(name)) problems.add(["soft_failure"], `there is no step "${name}".${didYouMean(name, ids)}`);
  }
}

/** What comes out of the cache was done by another run, which has to undo it itself. */
function checkUndone({ steps }: Draft, problems: ProblemList): void {
  for (const { head, compensation, path } of steps) {
    if (!compensation || head?.cache === undefined) continue;
    problems.addKey(
      [...path, "cache"],
      "stands beside compensate: what is to be undone must have been done. Keep one of the two.",
    );
  }
}

function checkBackoff(draft: Draft, ownsDefault: boolean, problems: ProblemList): void {
  const { defaults } = draft;
  for (const { head, path } of dispatchable(draft)) {
    if (!head?.retry && !ownsDefault) continue;
    const { backoffMs, maxBackoffMs } = retryPolicy(head?.retry, defaults.retry);
    const at = head?.retry ? [...path, "retry"] : ["defaults", "retry"];
    if (maxBackoffMs < backoffMs) problems.add(at, "max_backoff is shorter than backoff.");
  }
}

function checkStrategies(draft: Draft, ownsDefault: boolean, known: readonly string[], problems: ProblemList): void {
  const routes = [
    { route: ownsDefault ? draft.defaults.route : undefined, at: ["defaults"] },
    ...dispatchable(draft).map(({ head, path }) => ({ route: head?.route, at: path })),
  ];
  for (const { route, at } of routes) {
    const name = route?.strategy;
    if (name === undefined || known.includes(name)) continue;
    const message = `is not a strategy of this version; it must be one of ${known.join(", ")}.${didYouMean(name, known)}`;
    problems.add([...at, "route", "strategy"], message);
  }
}

/** Puts the parts together once nothing is wrong with any of them. */
function assembled(
  source: JsonObject,
  draft: Draft,
  order: Order,
  blocks: readonly CheckedDefinition[],
): CheckedDefinition {
  const { head, input, output, outputSchema } = draft;
  const steps = draft.steps.flatMap((step) => checkedStep(step, draft, order));
  return {
    name: head?.name ?? "",
    ...(head?.description === undefined ? {} : { description: head.description }),
    ...(input === undefined ? {} : { input }),
    steps,
    routes: [...steps.flatMap(routesOf), ...blocks.flatMap(({ routes }) => routes)],
    ...(output === undefined ? {} : { output }),
    ...(outputSchema === undefined ? {} : { outputSchema }),
    ...(head?.timeout === undefined ? {} : { timeoutMs: head.timeout }),
    tolerance: head?.soft_failure ?? { type: "none" },
    ...(head?.concurrency === undefined ? {} : { concurrency: head.concurrency }),
    ...(head?.priority === undefined ? {} : { priority: head.priority }),
    source,
    toJSON: () => source,
  };
}

function routesOf({ route, compensation }: CheckedStep): readonly Hints[] {
  return compensation ? [route, compensation.step.route] : [route];
}

function checkedStep(step: DraftStep, draft: Draft, { dag, handles }: Order): CheckedStep[] {
  const { id = "", head, when } = step;
  const { defaults } = draft;
  const base = checkedBase(step, draft);
  if (!base) return [];
  const handled = handles.get(id);
  const compensation = checkedCompensation(step, draft);
  return [
    {
      ...base,
      needs: dag.needs(id),
      ...(when === undefined ? {} : { when }),
      onError: onErrorOf(head?.on_error, defaults.on_error, draft.head?.soft_failure ?? { type: "none" }),
      cacheMs: compensation ? null : (head?.cache ?? defaults.cache ?? null),
      ...(handled ? { handles: handled } : {}),
      ...(compensation ? { compensation } : {}),
    },
  ];
}

/** It needs nothing, is never skipped and fails alone. */
function checkedCompensation({ compensation }: DraftStep, draft: Draft): CheckedCompensation | undefined {
  const base = compensation && checkedBase(compensation.step, draft);
  if (!base) return undefined;
  return { from: compensation.from, step: { ...base, needs: [], onError: { type: "fail" }, cacheMs: null } };
}

/** What a step and a compensation have alike. */
function checkedBase(step: DraftStep, { defaults, defaultBodies }: Draft) {
  const { id, kind, body, head } = step;
  if (id === undefined || !kind || body === undefined) return undefined;
  return {
    id,
    kind: kind.name,
    body: withInherited(kind, body, defaultBodies),
    retry: retryPolicy(head?.retry, defaults.retry),
    maxWaitMs: maxWaitMs(head?.retry, defaults.retry),
    timeoutMs: head?.timeout ?? defaults.timeout ?? defaultTimeoutMs,
    route: routeOf(step, defaults),
  };
}

/** The step's own word wins over the defaults'; in each of them, `route` over what the body implies. */
function routeOf({ kind, body, ownBody, head }: DraftStep, defaults: Defaults): Hints {
  const implied = (part: Json | undefined): Hints => (part === undefined ? undefined : kind?.hints?.(part)) ?? {};
  return { ...implied(body), ...defaults.route, ...implied(ownBody), ...head?.route };
}
