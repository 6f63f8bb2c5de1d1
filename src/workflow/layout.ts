import { AppError, assertNever } from "../core/errors.ts";
import type { Block } from "./blocks.ts";
import type { CheckedStep } from "./checked.ts";
import { type StateShape, stateIds } from "./statechart.ts";
import { type StepSurroundings, stepRegion, stepState } from "./step-states.ts";

/** A step that waits for others of its mesh. */
export interface WaitingStep {
  readonly id: string;
  readonly needs: readonly string[];
  /** Keys from the machine's top to the mesh, whose regions bear the ids of its steps. */
  readonly mesh: readonly string[];
}

/** The states below `running`. */
export interface Layout extends Sequence {
  /** The steps whose guard must be provided. */
  readonly waiting: readonly WaitingStep[];
}

/** What the states are made from. */
export interface LayoutParams {
  readonly blocks: readonly Block[];
  readonly steps: ReadonlyMap<string, CheckedStep>;
  readonly around: StepSurroundings;
}

interface Sequence {
  readonly initial: string;
  readonly states: Readonly<Record<string, StateShape>>;
}

type Member = readonly [key: string, state: StateShape];

/** Keys from the machine's top. */
type KeyPath = readonly string[];

/** Lays out the states of a workflow. */
export function layoutOf(params: LayoutParams): Layout {
  const builder = new LayoutBuilder(params);
  const { initial, states } = builder.sequence(params.blocks, `#${stateIds.succeeded}`, ["running"]);
  return { ...entered(initial, states), waiting: builder.waiting };
}

/** Ends a branch. Like every key that is no step's, it holds a blank. */
const branchEnd = "branch ended";

class LayoutBuilder {
  readonly waiting: WaitingStep[] = [];
  readonly #params: LayoutParams;

  constructor(params: LayoutParams) {
    this.#params = params;
  }

  /** @param end target of the last block */
  sequence(blocks: readonly Block[], end: string, path: KeyPath): Sequence {
    const keys = blocks.map((block, index) => (block.type === "step" ? block.id : `group ${index + 1}`));
    const states = blocks.map((block, index): Member => {
      const key = keys[index] ?? end;
      return [key, this.#block(block, keys[index + 1] ?? end, [...path, key])];
    });
    return { initial: keys[0] ?? end, states: Object.fromEntries(states) };
  }

  #block(block: Block, next: string, path: KeyPath): StateShape {
    switch (block.type) {
      case "step":
        return stepState(this.#step(block.id), next, this.#params.around);
      case "branches":
        return parallel(
          block.branches.map((branch, index) => this.#branch(branch, index, path)),
          next,
        );
      case "mesh":
        return parallel(
          block.ids.map((id) => this.#member(id, block.ids, path)),
          next,
        );
      default:
        return assertNever(block);
    }
  }

  #branch(blocks: readonly Block[], index: number, path: KeyPath): Member {
    const [first, ...others] = blocks;
    if (first?.type === "step" && others.length === 0) return this.#member(first.id, [], path);
    const key = `branch ${index + 1}`;
    const { initial, states } = this.sequence(blocks, branchEnd, [...path, key]);
    return [key, { initial, states: { ...states, [branchEnd]: { type: "final" } } }];
  }

  #member(id: string, mesh: readonly string[], path: KeyPath): Member {
    const step = this.#step(id);
    const needs = mesh.filter((member) => step.needs.includes(member));
    if (needs.length > 0) this.waiting.push({ id, needs, mesh: path });
    return [id, stepRegion(step, needs.length > 0, this.#params.around)];
  }

  #step(id: string): CheckedStep {
    const step = this.#params.steps.get(id);
    if (!step) throw new AppError("internal", { message: `No step "${id}" to lay out.` });
    return step;
  }
}

function parallel(regions: readonly Member[], next: string): StateShape {
  return { type: "parallel", states: Object.fromEntries(regions), onDone: { target: next } };
}

/**
 * XState takes time cubic in the number of regions to enter a parallel state as part of its initial state: a minute for a
 * thousand. Entered by a transition it takes milliseconds.
 */
function entered(initial: string, states: Sequence["states"]): Sequence {
  if (states[initial]?.type !== "parallel") return { initial, states };
  const before = `before ${initial}`;
  return { initial: before, states: { [before]: { always: [{ target: initial }] }, ...states } };
}
