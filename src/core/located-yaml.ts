import { isMap, LineCounter, parseDocument } from "yaml";
import type { Problem } from "./errors.ts";
import { placeOf, type ShapeProblem } from "./zod-problem.ts";

/** YAML or JSON as data, and where everything in it stands. */
export interface LocatedYaml {
  /** Undefined where the text cannot be read; an empty text is an empty object. */
  readonly value: unknown;
  /** Why it cannot be read. Empty: it was. */
  readonly problems: readonly Problem[];
  /** Where a value stands; what is not there is found at the nearest thing around it. @param key a member's name in it, in place of the value */
  at(path: readonly PropertyKey[], key?: string): Pick<Problem, "line" | "column">;
}

/** Expansions of YAML aliases; more is an attack ("billion laughs"), not a file that somebody wrote. */
const maxAliasCount = 100;

/** Reads a text. Never throws. */
export function readLocatedYaml(text: string): LocatedYaml {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const position = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const unreadable = (problems: readonly Problem[]): LocatedYaml => ({ value: undefined, problems, at: () => ({}) });
  if (document.errors.length > 0) {
    return unreadable(document.errors.map(({ message, pos }) => ({ path: "", message, ...position(pos[0]) })));
  }
  const offsetOf = (path: readonly PropertyKey[], key?: string): number => {
    const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
    if (key !== undefined && isMap(node)) {
      const pair = node.items.find((item) => String(item.key) === key);
      const start = (pair?.key as { range?: readonly number[] } | undefined)?.range?.[0];
      if (start !== undefined) return start;
    }
    const start = (node as { range?: readonly number[] } | undefined)?.range?.[0];
    return start ?? (path.length > 0 ? offsetOf(path.slice(0, -1)) : 0);
  };
  try {
    const value: unknown = document.toJS({ maxAliasCount }) ?? {};
    return { value, problems: [], at: (path, key) => position(offsetOf(path, key)) };
  } catch (error) {
    return unreadable([{ path: "", message: `cannot be read: ${(error as Error).message}` }]);
  }
}

/** A schema's problem with its position. */
export function located({ path, key, message }: ShapeProblem, yaml: LocatedYaml): Problem {
  return { path: placeOf({ path, key, message }), message, ...yaml.at(path, key) };
}

/** Problems in the order of the text. */
export function inTextOrder(problems: readonly Problem[]): readonly Problem[] {
  return [...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

/** Problems as lines of a message: `  line 3, column 5: outages.0.from: must be ...`. */
export function problemLines(problems: readonly Problem[]): string {
  return problems
    .map(({ line, column, path, message }) => {
      const where = line === undefined ? "" : `line ${line}, column ${column}: `;
      return `  ${where}${path === "" ? "" : `${path}: `}${message}`;
    })
    .join("\n");
}
