import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { resolve as resolveModule } from "import-meta-resolve";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { Problems } from "./problems.ts";
import { notAllowed } from "./read.ts";
import type { PluginSettings } from "./settings.ts";
import { type Source, shown, valueAt } from "./source.ts";

/** Keys of a provider's entry that only a plug-in has. */
export const pluginFields: readonly string[] = ["module", "options"];

/** Reads what makes a provider a plug-in. The module is looked for, not loaded. Undefined: there is no such module. */
export function readPlugin(name: string, source: Source, problems: Problems): PluginSettings | undefined {
  const path = ["providers", name];
  const found = source.find(undefined, [...path, "module"]);
  const options = readOptions([...path, "options"], source, problems);
  if (!found) return undefined;
  const { value } = found;
  if (typeof value !== "string" || value === "") {
    problems.add(found, notAllowed(found, "a path (./providers/mine.mjs) or a package's name"));
    return undefined;
  }
  const located = isPath(value) ? ofPath(value, source.file.folder) : ofPackage(value, source.file.folder);
  if ("problem" in located) {
    problems.add(found, located.problem);
    return undefined;
  }
  return { module: value, url: located.url, ...options };
}

type Located = { readonly url: string } | { readonly problem: string };

function isPath(module: string): boolean {
  return /^(\.{1,2})?\//.test(module);
}

function ofPath(module: string, folder: string): Located {
  const file = resolve(folder, module);
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isFile()) return { url: pathToFileURL(file).href };
  if (found) return { problem: `${file} is no file; name the module in it.` };
  return { problem: `There is no module ${file}. Relative paths start from ${folder}.` };
}

/** A package is looked for beside the settings first, then beside the program. */
function ofPackage(module: string, folder: string): Located {
  for (const parent of [pathToFileURL(join(folder, "settings")).href, import.meta.url]) {
    try {
      return { url: resolveModule(module, parent) };
    } catch {
      // Not here: the next place is tried, and what comes of it is told below.
    }
  }
  const meant = existsSync(resolve(folder, module)) ? ` Did you mean ./${module}?` : "";
  return {
    problem: `No package ${shown(module)} is installed for ${folder} or for Switchyard; a path begins with ./ or /.${meant}`,
  };
}

function readOptions(
  path: readonly string[],
  source: Source,
  problems: Problems,
): { readonly options: JsonObject; readonly secrets: readonly string[] } {
  const found = source.find(undefined, path);
  if (!found) return { options: {}, secrets: [] };
  if (!isJsonObject(found.value)) {
    problems.add(found, "allowed: keys and values for the module.");
    return { options: {}, secrets: [] };
  }
  return { options: found.value, secrets: referred(valueAt(source.file.data, path), found.value) };
}

/** The texts that came by reference, without what stands around the reference. */
function referred(raw: unknown, value: unknown): string[] {
  if (typeof raw === "string") {
    if (raw === value || typeof value !== "string") return [];
    const before = raw.indexOf("${");
    const after = raw.length - raw.lastIndexOf("}") - 1;
    return [value.slice(before, value.length - after)];
  }
  if (typeof raw !== "object" || raw === null) return [];
  return Object.entries(raw).flatMap(([key, member]) => referred(member, valueAt(value, [key])));
}
