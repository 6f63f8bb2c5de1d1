import { relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The files that take longest, in this order. A file that is not named here costs nothing but the end of the run, if it is slow. */
const slowest: readonly string[] = [
  "e2e/redis-faults",
  "e2e/waiting-faults",
  "e2e/lifecycle",
  "e2e/chaos",
  "e2e/agent-death",
  "e2e/cancel-faults",
  "e2e/worker-death",
  "e2e/operating-faults",
  "e2e/blocks-killed",
  "e2e/compensation-killed",
  "e2e/outage",
  "e2e/step-kinds",
  "e2e/rewind",
  "cli/dev",
  "e2e/blocks",
  "server/fuzz/fuzz",
];

/** Starts the slowest files first, so that none of them is alone at the end; then other tests with processes; then the rest. Needs no memory of earlier runs. */
export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files
      .map((file) => ({ file, path: relative(`${file.project.config.root}/test`, file.moduleId) }))
      .sort((a, b) => rankOf(a.path) - rankOf(b.path) || (a.path < b.path ? -1 : 1))
      .map(({ file }) => file);
  }
}

/** 0 is first. */
function rankOf(path: string): number {
  const rank = slowest.indexOf(path.replace(/\.test\.m?[jt]s$/, ""));
  if (rank !== -1) return rank;
  return slowest.length + (path.startsWith("e2e/") || path.startsWith("cli/") ? 0 : 1);
}
