import { AppError, type Problem } from "../core/errors.ts";
import type { Locator, Position } from "./locator.ts";
import { type Path, pathText } from "./path.ts";

/** More than this many problems are counted, not listed. */
const maxListed = 100;

/** Gathers everything that is wrong with one definition, with positions, and reports it as one error. */
export class ProblemList {
  readonly #problems: Map<string, Problem>;
  readonly #locator: Locator;
  readonly #base: Path;

  constructor(
    locator: Locator,
    found: readonly Problem[] = [],
    within?: { readonly list: ProblemList; readonly at: Path },
  ) {
    this.#locator = locator;
    this.#problems = within ? within.list.#problems : new Map();
    this.#base = within ? [...within.list.#base, ...within.at] : [];
    for (const problem of found) this.#put(problem);
  }

  /** The same list, for a part of the definition: the paths that it is given begin there. */
  below(at: Path): ProblemList {
    return new ProblemList(this.#locator, [], { list: this, at });
  }

  /** The same list, for a definition that was made of the one at hand: its places are found by a locator of its own. */
  translated(locator: Locator): ProblemList {
    return new ProblemList(locator, [], { list: this, at: [] });
  }

  /** The value at the path is wrong, or misses something. */
  add(path: Path, message: string): void {
    const at = [...this.#base, ...path];
    this.#put({ path: this.#name(at), message, ...this.#locator.at(at, "value") });
  }

  /** The member's name itself is wrong. */
  addKey(path: Path, message: string): void {
    const at = [...this.#base, ...path];
    this.#put({ path: this.#name(at), message, ...this.#locator.at(at, "key") });
  }

  /** Something inside the string at the path is wrong. @param within row and column in that string, 1-based. */
  addInside(path: Path, within: Position, message: string): void {
    const at = [...this.#base, ...path];
    this.#put({ path: this.#name(at), message, ...this.#locator.inside(at, within) });
  }

  /** @throws AppError invalid_definition with every problem, in the order of the file, if there is one. */
  throwIfAny(fileName: string | undefined): void {
    if (this.#problems.size === 0) return;
    const problems = [...this.#problems.values()].sort(
      (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
    );
    const listed = problems.slice(0, maxListed);
    const lines = listed.map((problem) => problemText(problem, fileName));
    if (listed.length < problems.length) lines.push(`... and ${problems.length - listed.length} more`);
    throw new AppError("invalid_definition", { message: lines.join("\n"), problems: listed });
  }

  #name(at: Path): string {
    return pathText(this.#locator.named?.(at) ?? at);
  }

  #put(problem: Problem): void {
    this.#problems.set(`${problem.line}:${problem.column} ${problem.path} ${problem.message}`, problem);
  }
}

/** One problem on one line: `incident.yaml:12:7 steps.1.llm.prmpt: unknown key. Did you mean prompt?` */
function problemText(problem: Problem, fileName?: string): string {
  const position = problem.line === undefined ? [] : [problem.line, problem.column];
  const where = [...(fileName === undefined ? [] : [fileName]), ...position].join(":");
  const what = problem.path === "" ? problem.message : `${problem.path}: ${problem.message}`;
  return where === "" ? what : `${where} ${what}`;
}
