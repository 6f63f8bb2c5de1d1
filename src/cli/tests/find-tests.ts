import { existsSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { AppError } from "../../core/errors.ts";
import { isTestFile, namedWorkflow } from "../../engine/rehearse/read-tests.ts";
import { readText } from "../input.ts";

/** A workflow's file and the file of its tests, both relative to the working folder. */
export interface TestPair {
  readonly workflow: string;
  readonly tests: string;
}

const endings = ["yaml", "yml", "json"] as const;

/**
 * Finds the tests of a workflow file, beside it as NAME.test.yaml (or .yml, .json), or the workflow of a test file: the one that it names
 * with `workflow`, else the one beside it.
 * @throws AppError file_unreadable naming the files that were looked for.
 */
export async function findTests(file: string, cwd: string): Promise<TestPair> {
  const text = await readText(file, cwd);
  if (!isTestFile(text)) {
    const stem = file.replace(/\.(yaml|yml|json)$/, "");
    return {
      workflow: file,
      tests: firstOf(
        endings.map((ending) => `${stem}.test.${ending}`),
        cwd,
        `${file} has no tests`,
      ),
    };
  }
  const named = namedWorkflow(text);
  if (named !== undefined) {
    const path = relative(cwd, resolve(cwd, dirname(file), named)) || named;
    return { workflow: firstOf([path], cwd, `${file} names ${named}`), tests: file };
  }
  const stem = file.replace(/(\.test)?\.(yaml|yml|json)$/, "");
  const candidates = endings.map((ending) => `${stem}.${ending}`).filter((path) => path !== file);
  return { workflow: firstOf(candidates, cwd, `${file} names no workflow`), tests: file };
}

function firstOf(files: readonly string[], cwd: string, why: string): string {
  const found = files.find((file) => existsSync(resolve(cwd, file)));
  if (found !== undefined) return found;
  const message = `${why}: there is no ${files.join(", ")}.`;
  throw new AppError("file_unreadable", { message, details: { looked: [...files] } });
}
