import { z } from "zod";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import type { Rendering, Scope } from "../compiled.ts";
import { parseExpression } from "../expression.ts";
import type { Path } from "../path.ts";
import { readName } from "../reference.ts";
import { renderingOf, templateFailed } from "../rendering.ts";
import { anyObject } from "../shape.ts";
import { anyOf, type Block, blockMistakes, calledBlock, inlineBlock, inputTemplates, namedBlockKeys } from "./block.ts";
import type { RenderedStep, StepKindSpec } from "./kind.ts";

const schema = z
  .strictObject({
    cases: z
      .array(
        z.strictObject({
          when: z.string().min(1).describe("Liquid expression without braces."),
          ...namedBlockKeys,
        }),
      )
      .min(1)
      .max(100)
      .describe("Blocks, of which the first is run whose when holds."),
    default: z.strictObject(namedBlockKeys).optional().describe("Run where no case holds."),
    input: anyObject.optional().describe("What every case is given."),
  })
  .describe("The first of several blocks whose condition holds. The output is that block's, else null.");

/** What an author writes under `switch`. */
export type SwitchBody = z.infer<typeof schema> & JsonObject;

/** What the handler gets: the case that holds, with its input; null: none does, and there is no default. */
export type Chosen = { readonly name: string; readonly block: Block; readonly input: JsonObject } | null;

/** A case, or the default. */
interface Way {
  readonly name: string;
  readonly path: Path;
  readonly when: string | undefined;
  readonly block: JsonObject;
}

/** Runs the first of several blocks whose `when` holds. Its output is that run's; null where none holds. */
export const switchKind: StepKindSpec<SwitchBody> = {
  name: "switch",
  queue: "io",
  schema: schema as z.ZodType<SwitchBody>,
  resumesBare: true,

  *check(body) {
    for (const { block, path } of waysOf(body)) yield* blockMistakes(block as Block, path);
  },

  *templates(body) {
    yield* inputTemplates(body.input);
    for (const { path, when, block } of waysOf(body)) {
      if (when !== undefined) yield { path: [...path, "when"], text: when, language: "expression" };
      yield* inputTemplates(block.input as JsonObject | undefined, [...path, "input"]);
    }
  },

  *calls(body) {
    for (const { name, block } of waysOf(body)) yield* calledBlock(block, name);
  },

  *blocks(body) {
    for (const { name, path, block } of waysOf(body)) {
      yield* inlineBlock(block, { path, name, inputs: anyOf(body.input, block.input) });
    }
  },

  rendering,
};

function waysOf(body: JsonObject): readonly Way[] {
  const { cases, default: otherwise } = body;
  const list = Array.isArray(cases) ? (cases as readonly Json[]) : [];
  const found = list.flatMap((block, index): Way[] => {
    if (!isJsonObject(block)) return [];
    const when = typeof block.when === "string" ? block.when : undefined;
    return [{ name: `case-${index + 1}`, path: ["cases", index], when, block }];
  });
  if (!isJsonObject(otherwise)) return found;
  return [...found, { name: "default", path: ["default"], when: undefined, block: otherwise }];
}

/** Only what is needed is evaluated: no `when` behind the one that holds, no other case's input. */
function rendering(body: SwitchBody, { id }: RenderedStep): Rendering {
  const owner = `Step "${id}"`;
  const ways = waysOf(body).map((way) => {
    const input = { ...body.input, ...(way.block.input as JsonObject | undefined) };
    const places = inputTemplates(input, []);
    const inputs = renderingOf({ owner, value: input, places, at: ["switch", ...way.path, "input"] });
    return { ...way, inputs, condition: way.when === undefined ? undefined : parseExpression(way.when) };
  });
  const read = ways.flatMap(({ condition }) => condition?.references ?? []);
  const ids = read.flatMap(({ segments }) => readName(segments) ?? []);
  const holds = ({ condition, path }: (typeof ways)[number], scope: Scope): boolean => {
    try {
      return condition?.holds(scope) ?? true;
    } catch (error) {
      throw templateFailed(owner, ["switch", ...path, "when"], error);
    }
  };
  return {
    reads: [...new Set([...ids, ...ways.flatMap(({ inputs }) => inputs.reads)])],
    render(scope) {
      const way = ways.find((candidate) => holds(candidate, scope));
      if (!way) return null;
      const { when: _, input: __, ...block } = way.block;
      return { name: way.name, block, input: way.inputs.render(scope) };
    },
  };
}
