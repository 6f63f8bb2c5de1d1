import type { Reference } from "./reference.ts";

/** What an expression reads of the run, as far as its text tells. */
export interface JsonataReads {
  /** Paths from the top, `steps.classify.output.severity`, each time one stands there. Offsets are 0-based. */
  readonly paths: readonly { readonly segments: Reference["segments"]; readonly offset: number }[];
  /** Whether it can read steps that no path names: `steps.*`, `$lookup(steps, input.name)`, `$eval(input.formula)`. */
  readonly isOpen: boolean;
  /** Every variable and function that it uses, without `$`. */
  readonly variables: readonly { readonly name: string; readonly offset: number }[];
  /** Those of them that it makes itself. */
  readonly bound: ReadonlySet<string>;
}

/** A node of JSONata's syntax tree: its own declarations leave out most of it. */
export interface JsonataNode {
  readonly type: string;
  readonly value?: unknown;
  /** Offset of the character behind the node's token. */
  readonly position?: number;
  readonly steps?: readonly JsonataNode[];
  readonly stages?: readonly JsonataNode[];
  readonly predicate?: readonly JsonataNode[];
  readonly group?: { readonly lhs: readonly (readonly JsonataNode[])[] };
  readonly expr?: JsonataNode;
  readonly expression?: JsonataNode;
  readonly expressions?: readonly JsonataNode[];
  readonly terms?: readonly { readonly expression: JsonataNode }[];
  readonly procedure?: JsonataNode;
  readonly arguments?: readonly JsonataNode[];
  readonly body?: JsonataNode;
  readonly signature?: object;
  readonly condition?: JsonataNode;
  readonly then?: JsonataNode;
  readonly else?: JsonataNode;
  readonly pattern?: JsonataNode;
  readonly update?: JsonataNode;
  readonly delete?: JsonataNode;
  readonly lhs?: JsonataNode | readonly (readonly JsonataNode[])[];
  readonly rhs?: JsonataNode;
  readonly focus?: string;
  readonly index?: string;
}

/** What names are looked up in: all that an expression is given, or some value inside it. */
type Context = "top" | "inner";

/** Functions that take the context where their last argument is missing, with the arguments that they have in full. */
const ofContext: ReadonlyMap<unknown, number> = new Map(
  Object.entries({ string: 1, boolean: 1, not: 1, keys: 1, lookup: 2, spread: 1, clone: 1, sift: 2, each: 2 }),
);

/**
 * Walks a syntax tree. What it cannot follow makes the expression open, so that no step's output is missing when it is evaluated.
 * @param textOf the source text, to find where a name begins
 */
export function jsonataReads(tree: JsonataNode, source: string): JsonataReads {
  const walk = new Walk(source);
  walk.node(tree, "top");
  return walk;
}

class Walk implements JsonataReads {
  readonly paths: { segments: Reference["segments"]; offset: number }[] = [];
  readonly variables: { name: string; offset: number }[] = [];
  readonly bound = new Set<string>();
  isOpen = false;
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  node(node: JsonataNode | undefined, context: Context): void {
    if (!node) return;
    for (const stage of [...(node.stages ?? []), ...(node.predicate ?? [])]) this.node(stage.expr, "inner");
    for (const pair of node.group?.lhs ?? []) for (const part of pair) this.node(part, "inner");
    if (node.focus !== undefined) this.bound.add(node.focus);
    if (node.index !== undefined) this.bound.add(node.index);
    switch (node.type) {
      case "path":
        this.#path(node.steps ?? [], context);
        break;
      case "variable":
        this.#variable(node, context);
        break;
      case "bind":
        this.#bind(node, context);
        break;
      case "lambda":
        for (const { value } of node.arguments ?? []) this.bound.add(String(value));
        if (node.signature !== undefined) this.isOpen = true;
        this.node(node.body, context);
        break;
      case "function":
      case "partial":
        this.#call(node, context);
        break;
      case "transform":
        for (const part of [node.pattern, node.update, node.delete]) this.node(part, "inner");
        break;
      case "sort":
        for (const { expression } of node.terms ?? []) this.node(expression, "inner");
        break;
      case "parent":
        this.isOpen = true;
        break;
      case "name":
      case "wildcard":
      case "descendant":
        this.#path([node], context);
        break;
      default:
        this.#parts(node, context);
        break;
    }
  }

  /** Operators, blocks, conditions and constructors look names up where they stand themselves. */
  #parts(node: JsonataNode, context: Context): void {
    const { lhs, rhs, expression, expressions, condition, then } = node;
    if (isPairs(lhs)) for (const pair of lhs) for (const part of pair) this.node(part, context);
    else this.node(lhs, context);
    for (const part of [rhs, expression, condition, then, node.else]) this.node(part, context);
    for (const part of expressions ?? []) this.node(part, context);
  }

  #variable({ value, position }: JsonataNode, context: Context): void {
    const name = String(value);
    if (name === "$" || (name === "" && context === "top") || name === "eval") this.isOpen = true;
    if (name !== "$" && name !== "") this.variables.push({ name, offset: (position ?? 0) - name.length - 1 });
  }

  #bind({ lhs, rhs }: JsonataNode, context: Context): void {
    if (lhs && !isPairs(lhs)) this.bound.add(String(lhs.value));
    this.node(rhs, context);
  }

  #call({ procedure, arguments: given = [] }: JsonataNode, context: Context): void {
    // What JSONata puts in for `??` and `?:` has no place in the text.
    if (procedure?.position !== undefined) this.node(procedure, context);
    const full = ofContext.get(procedure?.value);
    if (context === "top" && full !== undefined && given.length < full) this.isOpen = true;
    for (const argument of given) if (argument.type !== "operator") this.node(argument, context);
  }

  #path(steps: readonly JsonataNode[], context: Context): void {
    const [first, ...rest] = steps;
    if (!first) return;
    // `@` and `#` keep the context of the step before.
    if (steps.some(({ focus }) => focus !== undefined)) this.isOpen = true;
    const isTop = first.type === "variable" && (first.value === "$" || (first.value === "" && context === "top"));
    if (isTop && rest.length > 0) {
      this.#around(first);
      this.#path(rest, "top");
      return;
    }
    if (context === "top" && first.type === "name") this.#named(steps);
    else if (first.type === "wildcard" || first.type === "descendant") this.isOpen ||= context === "top";
    for (const [index, step] of steps.entries()) {
      if (step.type === "name" || step.type === "wildcard" || step.type === "descendant") this.#around(step);
      else this.node(step, index === 0 ? context : "inner");
    }
  }

  /** What stands in brackets and braces behind a step. */
  #around({ stages, predicate, group, focus, index }: JsonataNode): void {
    this.node({ type: "around", stages, predicate, group, focus, index }, "inner");
  }

  /** A path from the top, up to where it is no longer plain names and numbers. */
  #named(steps: readonly JsonataNode[]): void {
    const segments: (string | number)[] = [];
    let isPlain = true;
    for (const { type, value, stages = [], predicate = [] } of steps) {
      if (type !== "name" || !isPlain) break;
      segments.push(String(value));
      for (const { expr } of [...stages, ...predicate]) {
        if (expr?.type === "number" && typeof expr.value === "number") segments.push(expr.value);
        else isPlain = false;
      }
    }
    const [root, id] = segments;
    if (root === "steps" && typeof id !== "string") this.isOpen = true;
    if (root === "steps" && segments.length === 1) return;
    this.paths.push({ segments, offset: this.#startOf(steps[0]) });
  }

  #startOf(name: JsonataNode | undefined): number {
    const end = name?.position ?? 0;
    const length = String(name?.value ?? "").length;
    return /[`"']/.test(this.#source.charAt(end - 1)) ? end - length - 2 : end - length;
  }
}

function isPairs(lhs: JsonataNode["lhs"]): lhs is readonly (readonly JsonataNode[])[] {
  return Array.isArray(lhs);
}
