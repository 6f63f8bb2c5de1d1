import { realpath } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { resolve as resolveModule } from "import-meta-resolve";
import { isFunctionFile } from "../workflow/kinds/function.ts";

/** Which modules function steps may use. */
export interface FunctionModules {
  /** Folder of the files; null: there is none. */
  readonly folder: string | null;
  /** Names of packages. */
  readonly packages: readonly string[];
}

/** What a module has under a name, or why this worker does not know it. */
export type FoundFunction =
  | { readonly type: "function"; readonly run: (...given: readonly unknown[]) => unknown }
  /** Another worker may know it. */
  | { readonly type: "unknown"; readonly reason: string }
  /** It is here, and cannot be loaded. */
  | { readonly type: "broken"; readonly reason: string };

/** Finds a function. Modules are loaded once a process, so a changed file counts after a restart; one that was missing is looked for anew each time. */
export async function findFunction(modules: FunctionModules, module: string, name: string): Promise<FoundFunction> {
  const place = isFunctionFile(module) ? await functionFile(modules.folder, module) : packageOf(modules, module);
  if ("reason" in place) return { type: "unknown", reason: place.reason };
  let loaded: Readonly<Record<string, unknown>>;
  try {
    loaded = (await import(place.url)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    return { type: "broken", reason: `${module} cannot be loaded: ${(error as Error).message}` };
  }
  const run = exported(loaded, name);
  if (typeof run === "function") return { type: "function", run: run as (...given: readonly unknown[]) => unknown };
  const known = Object.keys(loaded).filter((key) => typeof loaded[key] === "function" && key !== "module.exports");
  const has = known.length === 0 ? "It has no functions." : `It has ${known.join(", ")}.`;
  return { type: "unknown", reason: `${module} has no function ${name}. ${has}` };
}

/** Where a module is, or why it is not there. */
export type Place = { readonly url: string } | { readonly reason: string };

/** The address of a file below the functions folder, also where links lead. @param folder null: there is none */
export async function functionFile(folder: string | null, module: string): Promise<Place> {
  if (folder === null) return { reason: `it has no functions folder (SWITCHYARD_FUNCTIONS), so no ${module}` };
  try {
    const [root, file] = await Promise.all([realpath(folder), realpath(join(folder, module))]);
    if (relative(root, file).split(sep)[0] === "..") return { reason: `${module} leads out of its functions folder` };
    return { url: pathToFileURL(file).href };
  } catch {
    return { reason: `its functions folder has no ${module}` };
  }
}

function packageOf({ packages, folder }: FunctionModules, module: string): Place {
  const name = module.split("/", module.startsWith("@") ? 2 : 1).join("/");
  if (!packages.includes(name)) return { reason: `its SWITCHYARD_FUNCTION_PACKAGES does not list ${name}` };
  try {
    // Where somebody installs packages of their own: from the functions folder upwards, else from the working folder.
    return { url: resolveModule(module, pathToFileURL(resolve(folder ?? ".", "functions.js")).href) };
  } catch {
    return { reason: `it has no package ${module}` };
  }
}

/** An export; of a CommonJS module also a member of what it exports. */
export function exported(loaded: Readonly<Record<string, unknown>>, name: string): unknown {
  const whole = loaded.default as Readonly<Record<string, unknown>> | undefined;
  if (Object.hasOwn(loaded, name))
    return name === "default" && typeof whole === "object" ? whole?.default : loaded[name];
  return (typeof whole === "object" || typeof whole === "function") && whole !== null ? whole[name] : undefined;
}
