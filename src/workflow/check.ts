import type { Hints } from "../core/call.ts";
import { AppError } from "../core/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { didYouMean } from "../core/suggest.ts";
import { isAxonflowDocument, translateDocument } from "./axonflow/document.ts";
import { checkNeeds } from "./check-needs.ts";
import { checkTemplates } from "./check-templates.ts";
import type { CheckedDefinition, CheckedStep } from "./checked.ts";
import type { Dag } from "./dag.ts";
import { type Defaults, defaultTimeoutMs, maxWaitMs, onErrorOf, retryPolicy } from "./definition.ts";
import { type Draft, type DraftStep, readDraft } from "./draft.ts";
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
  const dag = checkNeeds(draft.steps, problems);
  checkTemplates(draft, dag, { kinds, outside: nested?.outside }, problems);
  // What a block inherits has been checked where it stands.
  const owns = (key: string) => !nested || Object.hasOwn(nested.ownDefaults, key);
  checkBackoff(draft, owns("retry"), problems);
  checkTolerance(draft, problems);
  if (strategies) checkStrategies(draft, owns("route"), strategies, problems);
  const blocks = nestedIn(draft).map((block) =>
    checkContent(block.content, { kinds, strategies, nested: block }, problems.below(block.path)),
  );
  return () =>
    assembled(
      content,
      draft,
      dag,
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

function checkBackoff({ defaults, steps }: Draft, ownsDefault: boolean, problems: ProblemList): void {
  for (const { head, path } of steps) {
    if (!head?.retry && !ownsDefault) continue;
    const { backoffMs, maxBackoffMs } = retryPolicy(head?.retry, defaults.retry);
    const at = head?.retry ? [...path, "retry"] : ["defaults", "retry"];
    if (maxBackoffMs < backoffMs) problems.add(at, "max_backoff is shorter than backoff.");
  }
}

function checkStrategies(
  { defaults, steps }: Draft,
  ownsDefault: boolean,
  known: readonly string[],
  problems: ProblemList,
): void {
  const routes = [
    { route: ownsDefault ? defaults.route : undefined, at: ["defaults"] },
    ...steps.map(({ head, path }) => ({ route: head?.route, at: path })),
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
  dag: Dag,
  blocks: readonly CheckedDefinition[],
): CheckedDefinition {
  const { head, input, output } = draft;
  const steps = draft.steps.flatMap((step) => checkedStep(step, draft, dag));
  return {
    name: head?.name ?? "",
    ...(head?.description === undefined ? {} : { description: head.description }),
    ...(input === undefined ? {} : { input }),
    steps,
    routes: [...steps.map(({ route }) => route), ...blocks.flatMap(({ routes }) => routes)],
    ...(output === undefined ? {} : { output }),
    ...(head?.timeout === undefined ? {} : { timeoutMs: head.timeout }),
    tolerance: head?.soft_failure ?? { type: "none" },
    source,
    toJSON: () => source,
  };
}

function checkedStep(step: DraftStep, draft: Draft, dag: Dag): CheckedStep[] {
  const { id, kind, body, head, when } = step;
  if (id === undefined || !kind || body === undefined) return [];
  const { defaults, defaultBodies } = draft;
  return [
    {
      id,
      kind: kind.name,
      body: withInherited(kind, body, defaultBodies),
      needs: dag.needs(id),
      ...(when === undefined ? {} : { when }),
      retry: retryPolicy(head?.retry, defaults.retry),
      maxWaitMs: maxWaitMs(head?.retry, defaults.retry),
      onError: onErrorOf(head?.on_error, defaults.on_error, draft.head?.soft_failure ?? { type: "none" }),
      cacheMs: head?.cache ?? defaults.cache ?? null,
      timeoutMs: head?.timeout ?? defaults.timeout ?? defaultTimeoutMs,
      route: routeOf(step, defaults),
    },
  ];
}

/** The step's own word wins over the defaults'; in each of them, `route` over what the body implies. */
function routeOf({ kind, body, ownBody, head }: DraftStep, defaults: Defaults): Hints {
  const implied = (part: Json | undefined): Hints => (part === undefined ? undefined : kind?.hints?.(part)) ?? {};
  return { ...implied(body), ...defaults.route, ...implied(ownBody), ...head?.route };
}
