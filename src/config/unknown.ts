import { isJsonObject } from "../core/json.ts";
import { didYouMean, suggest } from "../core/suggest.ts";
import { providerVariables } from "./built-ins.ts";
import type { SettingsFile } from "./file.ts";
import { unknownKey } from "./known-names.ts";
import type { Problems } from "./problems.ts";
import { fieldsOf } from "./provider-settings.ts";
import { namesVariables, routingKeys } from "./read-routing.ts";
import { scalars } from "./scalar.ts";
import type { Environment } from "./source.ts";

/** Variables of ours that other rooms read: the client's address and key, the file's path. */
const readElsewhere = [
  "SWITCHYARD_CONFIG",
  "SWITCHYARD_URL",
  "SWITCHYARD_API_KEY",
  "SWITCHYARD_API_KEY_FILE",
  "SWITCHYARD_CRASH_AT",
];

/** Every variable that is read. */
const knownVariables: readonly string[] = [
  ...Object.values(scalars).map((scalar) => scalar.variable),
  ...Object.values(namesVariables),
  ...providerVariables,
  ...readElsewhere,
];

/** Variables that the vendors' own packages read and we do not, with ours. */
const vendors: Readonly<Record<string, string>> = {
  OPENAI_BASE_URL: "OPENAI_ENDPOINT",
  OPENAI_API_BASE: "OPENAI_ENDPOINT",
  ANTHROPIC_BASE_URL: "ANTHROPIC_ENDPOINT",
  GEMINI_API_KEY: "GOOGLE_API_KEY",
  GOOGLE_GENERATIVE_AI_API_KEY: "GOOGLE_API_KEY",
  AZURE_API_KEY: "AZURE_OPENAI_API_KEY",
  OPENAI_API_VERSION: "AZURE_OPENAI_API_VERSION",
  OLLAMA_HOST: "OLLAMA_ENDPOINT",
  OLLAMA_BASE_URL: "OLLAMA_ENDPOINT",
};

/** Finds names that nobody reads: unknown SWITCHYARD_ ones are problems, likely typos of the others are warnings. */
export function checkVariables(env: Environment, problems: Problems, warnings: string[]): void {
  const ours = knownVariables.filter((name) => name.startsWith("SWITCHYARD_"));
  const rest = knownVariables.filter((name) => !name.startsWith("SWITCHYARD_"));
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value.trim() === "" || knownVariables.includes(name)) continue;
    if (name.startsWith("SWITCHYARD_")) {
      const bare = (text: string) => text.slice("SWITCHYARD_".length);
      const meant = suggest(bare(name), ours.map(bare));
      problems.add(
        { path: name },
        `No setting has this name.${meant ? ` Did you mean SWITCHYARD_${meant}?` : ` Known: ${ours.join(", ")}.`}`,
      );
      continue;
    }
    if (vendors[name]) {
      warnings.push(`${name} is not read; Switchyard's name for it is ${vendors[name]}.`);
    } else if (
      /^(LLM|PROVIDERS?|DEFAULT_LLM|OPENAI|ANTHROPIC|AZURE_OPENAI|GOOGLE|OLLAMA|BEDROCK)_/.test(name) &&
      near(name, rest)
    ) {
      warnings.push(`${name} is not read.${didYouMean(name, rest)}`);
    }
  }
}

/** A stricter nearness than a suggestion's: names of other programs are none of our business. */
function near(name: string, known: readonly string[]): boolean {
  const meant = suggest(name, known);
  return meant !== undefined && Math.abs(meant.length - name.length) <= 2 && meant.slice(0, 4) === name.slice(0, 4);
}

/** Finds keys of the file that nobody reads. */
export function checkKeys(file: SettingsFile, problems: Problems): void {
  const paths = Object.values(scalars).map((scalar) => scalar.path);
  const top = [...new Set(paths.map((path) => path[0] ?? "")), "models", "providers"];
  unknownKeys(file, [], top, problems);
  unknownKeys(
    file,
    ["tls"],
    paths.flatMap(([first, key = ""]) => (first === "tls" ? [key] : [])),
    problems,
  );
  unknownKeys(
    file,
    ["plans"],
    paths.flatMap(([first, key = ""]) => (first === "plans" ? [key] : [])),
    problems,
  );
  unknownKeys(file, ["routing"], routingKeys, problems);
  const providers = file.data.providers;
  if (!isJsonObject(providers)) return;
  for (const [name, entry] of Object.entries(providers)) {
    const type = isJsonObject(entry) ? entry.type : undefined;
    unknownKeys(file, ["providers", name], fieldsOf(name, type), problems);
  }
}

function unknownKeys(file: SettingsFile, path: readonly string[], known: readonly string[], problems: Problems): void {
  let value: unknown = file.data;
  for (const key of path) value = isJsonObject(value) ? value[key] : undefined;
  if (value === undefined || value === null) return;
  if (!isJsonObject(value)) {
    problems.add(file.at(path), `allowed: ${known.join(", ")} below it.`);
    return;
  }
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    problems.add(file.at([...path, key]), unknownKey(key, known));
  }
}
