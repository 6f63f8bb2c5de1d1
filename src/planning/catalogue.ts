import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError, type Problem } from "../core/errors.ts";
import { problemLines } from "../core/located-yaml.ts";
import { didYouMean } from "../core/suggest.ts";
import { defaultKinds } from "../workflow/check.ts";
import type { StepKindSpec } from "../workflow/kinds/kind.ts";
import { type Agent, readAgent } from "./agent.ts";

/** The agents of an installation, by name. */
export type Catalogue = ReadonlyMap<string, Agent>;

/** Folder of the agents that come with the program. */
const shippedAgents = fileURLToPath(new URL("../../agents/", import.meta.url));

const extensions: ReadonlySet<string> = new Set([".yaml", ".yml", ".json"]);

/**
 * Reads the catalogue: the agents that come with the program and those of a folder; of one name, the folder's counts.
 * @param folder of the installation's own agents; null: there are none. @throws AppError invalid_agents with everything that is wrong in any file
 */
export function loadCatalogue(folder: string | null, kinds: readonly StepKindSpec[] = defaultKinds): Catalogue {
  const problems: Problem[] = [];
  const agents = [shippedAgents, ...(folder === null ? [] : [folder])].flatMap((from) => {
    const own = new Map<string, Agent>();
    for (const { file, text } of filesOf(from)) {
      const read = readAgent(text, kinds);
      if (!read.ok) problems.push(...read.problems.map((one) => ({ ...one, path: `${file}: ${one.path}` })));
      else if (own.has(read.agent.name))
        problems.push({
          path: `${file}: name`,
          message: `another file of the folder has an agent ${read.agent.name}.`,
        });
      else own.set(read.agent.name, read.agent);
    }
    return [...own];
  });
  if (problems.length === 0) return new Map(agents);
  const message = `The catalogue of agents has mistakes:\n${problemLines(problems)}`;
  throw new AppError("invalid_agents", { message, problems });
}

/** The agents that somebody names; all of them where nobody is named. @throws AppError unknown_agent */
export function chosen(catalogue: Catalogue, names: readonly string[] | undefined): Catalogue {
  if (names === undefined) return catalogue;
  const known = [...catalogue.keys()];
  const unknown = [...new Set(names)].filter((name) => !catalogue.has(name));
  if (unknown.length === 0) return new Map([...catalogue].filter(([name]) => names.includes(name)));
  const problems = unknown.map((name) => ({
    path: "agents",
    message: `there is no agent "${name}".${didYouMean(name, known)}`,
  }));
  const message = `${problems.map((one) => one.message).join(" ")} Agents: ${known.join(", ")}.`;
  throw new AppError("unknown_agent", { message, problems, details: { known } });
}

/** In the order of their names. What is not there, is empty: the settings have said so. */
function filesOf(folder: string): readonly { readonly file: string; readonly text: string }[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .filter((name) => extensions.has(extname(name)))
    .sort()
    .map((name) => ({ file: name, text: readFileSync(join(folder, name), "utf8") }));
}
