import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { calledWorkflows, type StoredWorkflows } from "../../engine/rehearse/inner-blocks.ts";
import type { CheckedDefinition } from "../../workflow/checked.ts";
import type { StepKindSpec } from "../../workflow/kinds/kind.ts";
import { readDefinition } from "../definition-file.ts";

const endings = ["yaml", "yml", "json"] as const;

/**
 * The workflows that a workflow calls, and those that these call, as far as their files stand beside it as NAME.yaml (or .yml, .json). XState
 * machines are left out. @param file the workflow's, relative to `cwd`
 * @throws AppError invalid_definition - one of them has mistakes
 */
export async function calledBeside(
  definition: CheckedDefinition,
  { file, cwd, kinds }: { readonly file: string; readonly cwd: string; readonly kinds: readonly StepKindSpec[] },
): Promise<StoredWorkflows> {
  const found = new Map<string, CheckedDefinition>();
  const open = [definition];
  for (let next = open.pop(); next; next = open.pop()) {
    for (const name of calledWorkflows(next, kinds)) {
      const candidates = endings.map((ending) => join(dirname(file), `${name}.${ending}`));
      const path = candidates.find((one) => existsSync(resolve(cwd, one)));
      if (path === undefined || found.has(name) || /[/\\]/.test(name)) continue;
      const called = await readDefinition(path, cwd);
      if (called.name !== name || called.machine) continue;
      found.set(name, called);
      open.push(called);
    }
  }
  return found;
}
