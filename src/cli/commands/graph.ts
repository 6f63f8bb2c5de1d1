import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Option } from "commander";
import { AppError } from "../../core/errors.ts";
import type { GraphFormatName } from "../../workflow/graph/draw.ts";
import type { GlobalOptions, Register } from "../context.ts";
import { readDefinition } from "../definition-file.ts";

interface GraphOptions extends GlobalOptions {
  readonly format?: GraphFormatName;
  readonly output?: string;
  readonly states?: boolean;
}

/** Named here, so that the command line starts without loading what draws them; a test compares the two. */
const formats: readonly GraphFormatName[] = ["mermaid", "svg", "xstate"];

/** `switchyard graph FILE`: a workflow as a picture, or as the config of its XState machine. Needs no server. */
export const registerGraph: Register = (program, { output, cwd }) => {
  program
    .command("graph")
    .description("draw a workflow file; needs no server")
    .argument("<file>", "definition, YAML or JSON; - reads standard input")
    .addOption(
      new Option(
        "--format <format>",
        "form of the drawing; xstate is the machine's config as JSON, for Stately's editor (default: by the ending of --output, else mermaid)",
      ).choices(formats),
    )
    .option("-o, --output <file>", "write it to a file: .mmd, .svg or .json")
    .option("--states", "draw the statechart with all its states, in place of the steps")
    .addHelpText("after", example)
    .action(async (file: string, _options, command) => {
      const options: GraphOptions = command.optsWithGlobals();
      const { graphFormats } = await import("../../workflow/graph/draw.ts");
      const format = options.format ?? byEnding(options.output, graphFormats);
      const definition = await readDefinition(file, cwd);
      const text = graphFormats[format].draw(definition, options.states ?? false);
      const { name } = definition;
      if (options.output === undefined) {
        return options.json ? output.json({ name, format, text }) : output.print(text.trimEnd());
      }
      await written(options.output, cwd, text);
      if (options.json) output.json({ name, format, file: options.output });
      else output.note(`written: ${options.output} (${format})`);
    });
};

const example = `
Examples:
  switchyard graph incident.yaml                    text for a \`\`\`mermaid fence
  switchyard graph incident.yaml -o incident.svg    a picture
  switchyard graph incident.yaml --format xstate    opens in https://stately.ai/editor`;

type Formats = Readonly<Record<GraphFormatName, { readonly endings: readonly string[] }>>;

function byEnding(file: string | undefined, known: Formats): GraphFormatName {
  return (
    formats.find((name) => known[name].endings.some((ending) => file?.toLowerCase().endsWith(ending))) ?? "mermaid"
  );
}

/** @throws AppError file_unwritable */
async function written(file: string, cwd: string, text: string): Promise<void> {
  try {
    await writeFile(resolve(cwd, file), text);
  } catch (error) {
    const message = `${file} cannot be written: ${error instanceof Error ? error.message : String(error)}.`;
    throw new AppError("file_unwritable", { message, details: { path: file }, cause: error });
  }
}
