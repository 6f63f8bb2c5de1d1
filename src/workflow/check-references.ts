import type { JsonObject } from "../core/json.ts";
import { didYouMean, suggest } from "../core/suggest.ts";
import { envRoots } from "./env.ts";
import { type UnknownField, unknownField } from "./fields.ts";
import { type Reference, referenceText } from "./reference.ts";

/** What the references of a definition can point to. */
export interface Readable {
  readonly input: JsonObject | undefined;
  /** Step id to the JSON Schema of its output; undefined: nothing is known of it. */
  readonly outputs: ReadonlyMap<string, JsonObject | undefined>;
  /** Steps whose failure does not end the run: their errors can be read. */
  readonly tolerated: ReadonlySet<string>;
  /** Step kinds whose templates may read environment variables. */
  readonly envKinds: readonly string[];
  /** Present in a block: the ids of the steps around it, which are out of its reach. */
  readonly outside?: ReadonlySet<string> | undefined;
}

/** Who reads. */
export interface Reader {
  /** The step whose template it is; absent: the workflow's output, which may read every step. */
  readonly step?: string;
  /** Whether that step has always ended when this reader reads. */
  readonly runsBefore: (step: string) => boolean;
  /** Whether it undoes that step, and so reads what the step has given. */
  readonly readsItself?: boolean;
  /** Whether it may read environment variables. */
  readonly readsEnv?: boolean;
  /** JSON Schema of the arguments that it reads as `args`; absent: there are none. */
  readonly args?: JsonObject;
}

const roots = ["input", "steps"] as const;

/** Why a reference cannot be read, as a sentence with the fix; undefined: it can. */
export function brokenReference(reference: Reference, readable: Readable, reader: Reader): string | undefined {
  const { segments } = reference;
  const [root] = segments;
  if (root === "input") return brokenInput(segments, readable);
  if (root === "steps") return brokenStep(segments, readable, reader);
  const name = String(root);
  if (name === "args" && reader.args) return brokenArgument(segments, reader.args);
  if (envRoots.includes(name)) return brokenVariable(segments, readable, reader);
  return `reads ${referenceText(segments)}, but ${name} is not known here; templates read input and steps.${didYouMean(name, roots)}`;
}

function brokenInput(segments: Reference["segments"], { input, outside }: Readable): string | undefined {
  const unknown = input && unknownField(input, segments.slice(1));
  if (unknown && outside) {
    const has =
      unknown.known.length === 0 ? "the block is given none" : `the block's input has ${unknown.known.join(", ")}`;
    const meant = didYouMean(String(segments[1]), unknown.known);
    return `reads ${referenceText(segments)}, but ${has}.${meant || " What it is to read, the step's `input` must give it."}`;
  }
  return unknown && fieldText(segments, unknown, { text: "the workflow's input", length: 1 });
}

function brokenArgument(segments: Reference["segments"], args: JsonObject): string | undefined {
  const unknown = unknownField(args, segments.slice(1));
  return unknown && fieldText(segments, unknown, { text: "the tool's input", length: 1 });
}

function brokenVariable(
  segments: Reference["segments"],
  { envKinds }: Readable,
  { readsEnv }: Reader,
): string | undefined {
  const [root, name] = segments;
  const text = referenceText(segments);
  if (!readsEnv) {
    return `reads ${text}, but environment variables are out of reach here; only steps of kind ${envKinds.join(" and ")} can read them.`;
  }
  if (typeof name === "string" && segments.length === 2) return undefined;
  return `reads ${text}; name the variable: ${root}.NAME.`;
}

function brokenStep(
  segments: Reference["segments"],
  { outputs, outside, tolerated }: Readable,
  reader: Reader,
): string | undefined {
  const [, id, output] = segments;
  const text = referenceText(segments);
  if (typeof id !== "string") return `reads ${text}; name the step: steps.ID.output.`;
  if (!outputs.has(id)) {
    if (outside?.has(id)) {
      return `reads ${text}, but a block cannot read the steps around it; hand it over: input: { ${inputName(id)}: "{{ steps.${id}.output }}" }.`;
    }
    const meant = suggest(id, outputs.keys());
    const dashed = [...outputs.keys()].find((known) => known.startsWith(`${id}-`));
    const fix =
      dashed !== undefined && output === undefined
        ? ` If you mean ${dashed}: JSONata takes a dash for a minus; write steps.\`${dashed}\`.`
        : meant === undefined
          ? ""
          : ` Did you mean ${corrected(segments, 1, meant)}?`;
    return `reads ${text}, but there is no step "${id}".${fix}`;
  }
  const isError = output === "error";
  if (isError && !tolerated.has(id)) {
    return `reads ${text}, but where step "${id}" fails, the run does. Let it go on: on_error: continue, or { goto: STEP }.`;
  }
  if (output !== "output" && !isError) {
    const meant = output === undefined ? `steps.${id}.output` : corrected(segments, 2, "output");
    return `reads ${text}, which no step produces. Did you mean ${meant}?`;
  }
  if (id === reader.step && !reader.readsItself) return `reads ${text}: a step cannot read its own ${output}.`;
  if (!reader.runsBefore(id)) {
    return `reads ${text}, but step "${id}" need not have ended by then. Add ${id} to the needs of step "${reader.step}".`;
  }
  const schema = isError ? errorSchema : outputs.get(id);
  const unknown = schema && unknownField(schema, segments.slice(3));
  return unknown && fieldText(segments, unknown, { text: `the ${output} of step "${id}"`, length: 3 });
}

/** What is known of a failed step's error. */
const errorSchema: JsonObject = {
  type: "object",
  properties: { code: { type: "string" }, message: { type: "string" }, details: { type: "object" }, problems: {} },
};

function inputName(step: string): string {
  return step.replaceAll("-", "_");
}

/** What a schema describes, in words, and how many keys lead to it. */
interface Whole {
  readonly text: string;
  readonly length: number;
}

function fieldText(segments: Reference["segments"], { index, known }: UnknownField, whole: Whole): string {
  const at = whole.length + index;
  const text = referenceText(segments);
  const owner = index === 0 ? whole.text : referenceText(segments.slice(0, at));
  if (known.length === 0) return `reads ${text}, but ${owner} is a single value and has no fields.`;
  const field = String(segments[at]);
  const meant = suggest(field, known);
  const fix = meant === undefined ? `It has ${known.join(", ")}.` : `Did you mean ${corrected(segments, at, meant)}?`;
  return `reads ${text}, but ${owner} has no ${field}. ${fix}`;
}

function corrected(segments: Reference["segments"], index: number, name: string): string {
  return referenceText(segments.with(index, name));
}
