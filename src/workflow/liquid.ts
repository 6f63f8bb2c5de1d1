import { Liquid, toValue } from "liquidjs";

/** Characters of one template. */
const maxTemplateLength = 1_000_000;

/** Time one rendering may take. */
const maxRenderMs = 2_000;

/** Characters and list items that the filters of one rendering may make in all. */
const maxRenderedSize = 50_000_000;

/** Tags that read other files, and are not available: a template here is complete in itself. */
export const fileTags: ReadonlySet<string> = new Set(["include", "render", "layout", "block"]);

/** Where a value should be turned into text and there is none. */
export class NoValue extends Error {
  override readonly name = "NoValue";
}

/**
 * The one template engine. Missing variables and unknown filters are errors; only `{% if %}`, `{% unless %}` and the `default`
 * filter may ask for what is missing. Prototypes and files are out of reach; length, time and memory are bounded.
 */
export const liquid = engine();

function engine(): Liquid {
  const made = new Liquid({
    lenientIf: true,
    memoryLimit: maxRenderedSize,
    outputEscape: toText,
    ownPropertyOnly: true,
    parseLimit: maxTemplateLength,
    renderLimit: maxRenderMs,
    strictFilters: true,
    strictVariables: true,
    templates: {},
  });
  for (const tag of fileTags) delete made.tags[tag];
  made.registerFilter("raw", { handler: toText, raw: true });
  return made;
}

/** A value as it stands in a text. Objects and lists are JSON. @throws NoValue for null and undefined: never an empty string. */
function toText(value: unknown): string {
  const plain: unknown = toValue(value);
  if (plain === null || plain === undefined) throw new NoValue("there is no value");
  return typeof plain === "object" ? JSON.stringify(plain) : String(plain);
}
