import { z } from "zod";
import type { Json } from "../../core/json.ts";
import { type Path, stringsIn } from "../path.ts";
import type { TemplatePlace } from "./kind.ts";

/** Pictures that one message may bring. */
export const maxImages = 100;

const written = z.strictObject({
  base64: z.string().min(1).describe("The picture's bytes; a Liquid template."),
  media_type: z.string().min(1).optional().describe("Such as image/png. Default: told from the bytes."),
});

/** The key `images` of a user's message. Its templates give data URLs, `{ base64, media_type }` objects as an http step's body is one, or lists of these. */
export const imagesKey = z
  .union(
    [
      z.string().min(1),
      z
        .array(z.union([z.string().min(1), written]))
        .min(1)
        .max(maxImages),
    ],
    {
      error:
        'must be a template of pictures, such as "{{ input.photos }}", or a list of data URLs, templates and { base64, media_type }.',
    },
  )
  .optional()
  .describe("Pictures: data URLs (data:image/png;base64,...), { base64, media_type }, or templates of these.");

/** What an author writes under `images`. */
export type ImagesBody = z.infer<typeof imagesKey>;

/** What is wrong with pictures that stand in the definition itself. Paths begin at `images`. */
export function* imageMistakes(images: ImagesBody): Iterable<{ readonly path: Path; readonly message: string }> {
  for (const { path, text } of stringsIn(images)) {
    if (typeof path.at(-1) === "string" || /\{[{%]/.test(text) || /^data:image\/[\w.+-]+;base64,/.test(text)) continue;
    yield { path: ["images", ...path], message: imageAdvice };
  }
}

/** What a picture can be. Ends a sentence. */
export const imageAdvice =
  "must be a picture: a data URL (data:image/png;base64,...) or { base64, media_type }. An http step fetches one by its address: its output.body is such an object.";

/** Every template of pictures. @param path of `images`, below the body */
export function* imageTemplates(images: ImagesBody, path: Path): Iterable<TemplatePlace> {
  for (const { path: at, text } of stringsIn(images as Json | undefined)) {
    // A data URL is no template: it need not be read as one, however long it is.
    if (/\{[{%]/.test(text)) yield { path: [...path, ...at], text };
  }
}
