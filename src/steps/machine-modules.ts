import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { AppError } from "../core/errors.ts";
import type { CheckedDefinition } from "../workflow/checked.ts";
import { isMachine } from "../workflow/own-actor.ts";
import { exported, functionFile } from "./function-modules.ts";

/** Finds the machines of definitions in a folder of modules. */
export interface MachineModules {
  /**
   * A definition with its machine, and the file's hash in what is stored of it; one without a machine as it is.
   * @throws AppError machine_unknown - this process does not have the file, or has another content than the definition means; invalid_definition
   */
  load(definition: CheckedDefinition): Promise<CheckedDefinition>;
}

/** @param folder of the modules; null: there is none */
export function machineModules(folder: string | null): MachineModules {
  return {
    async load(definition) {
      const { machine, source } = definition;
      if (!machine?.source || machine.loaded) return definition;
      const { module, export: name = "default", sha256: wanted } = machine.source;
      const place = await functionFile(folder, module);
      if ("reason" in place) throw unknown(place.reason, module);
      const hash = createHash("sha256")
        .update(await readFile(fileURLToPath(place.url)))
        .digest("hex");
      if (wanted !== undefined && hash !== wanted)
        throw unknown(`its ${module} is not the one that the workflow was stored with`, module);
      const loaded = machineIn(await imported(`${place.url}?sha256=${hash}`, module), name, module);
      const pinned = { ...source, machine: { ...machine.source, sha256: hash } };
      return {
        ...definition,
        machine: { source: { ...machine.source, sha256: hash }, loaded },
        source: pinned,
        toJSON: () => pinned,
      };
    },
  };
}

/** A changed file has another address, so it is loaded anew. */
async function imported(url: string, module: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(url)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw invalid(`${module} cannot be loaded: ${(error as Error).message}.`);
  }
}

function machineIn(loaded: Readonly<Record<string, unknown>>, name: string, module: string) {
  const found = isMachine(loaded[name]) ? loaded[name] : exported(loaded, name);
  if (isMachine(found)) return found;
  const known = Object.keys(loaded).filter((key) => isMachine(loaded[key]));
  const has = known.length === 0 ? "It exports no machine." : `It has ${known.join(", ")}.`;
  throw invalid(`${module} has no XState machine ${name} (setup(...).createMachine(...)). ${has}`);
}

function invalid(message: string): AppError {
  const path = "machine.module";
  return new AppError("invalid_definition", { message: `${path}: ${message}`, problems: [{ path, message }] });
}

function unknown(reason: string, module: string): AppError {
  const message = `This process does not have the workflow's machine: ${reason}.`;
  return new AppError("machine_unknown", { message, details: { module } });
}
