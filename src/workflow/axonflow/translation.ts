import type { Json } from "../../core/json.ts";
import type { Locator } from "../locator.ts";
import { type Path, pathText, stringsIn, withReplaced } from "../path.ts";
import { type Edit, originalPosition, type ResponseField, rewriteCondition, rewriteText } from "./texts.ts";

/** A value's place in the definition that is made, and in the document that it comes from. */
export interface Move {
  readonly to: Path;
  readonly from: Path;
}

/** What was taken from where, so that a mistake found in the definition is told at its place in the author's file. */
export class Translation {
  readonly #origins = new Map<string, Path>();
  readonly #edits = new Map<string, readonly Edit[]>();
  readonly #field: ResponseField;

  constructor(field: ResponseField) {
    this.#field = field;
  }

  /** Takes a value over as it is. */
  keep<T>(value: T, { to, from }: Move): T {
    this.#origins.set(pathText(to), from);
    return value;
  }

  /** Takes a value over, with the templates of its strings in our words. */
  texts(value: Json, { to, from }: Move): Json {
    const replaced = [...stringsIn(value)].map(({ path, text }) => {
      const rewritten = rewriteText(text, this.#field);
      this.#edits.set(pathText([...to, ...path]), rewritten.edits);
      return { path, value: rewritten.text };
    });
    return withReplaced(this.keep(value, { to, from }), replaced);
  }

  /** Takes a condition over as the expression that it is here. */
  condition(text: string, { to, from }: Move): string {
    const rewritten = rewriteCondition(text, this.#field);
    this.#edits.set(pathText(to), rewritten.edits);
    return this.keep(rewritten.text, { to, from });
  }

  /** Finds places of the definition in the document. */
  locator(document: Locator): Locator {
    const named = (path: Path) => this.#origin(path);
    return {
      at: (path, part) => document.at(named(path), part),
      inside: (path, within) =>
        document.inside(named(path), originalPosition(within, this.#edits.get(pathText(path)) ?? [])),
      named,
    };
  }

  /** By the nearest thing around it that was taken over. */
  #origin(path: Path): Path {
    for (let length = path.length; length > 0; length -= 1) {
      const from = this.#origins.get(pathText(path.slice(0, length)));
      if (from) return [...from, ...path.slice(length)];
    }
    return [];
  }
}
