import { defineConfig } from "vitest/config";
import { SlowestFirst } from "./test/support/slowest-first.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts", "examples/**/*.test.mjs"],
    globalSetup: ["test/build.ts"],
    // Ends a test that hangs; nothing is asserted by it. So long because a machine may have much else to do.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    pool: "forks",
    // What a file has imported serves the next one: it is half of what a file costs. So each file leaves its process as it found it.
    isolate: false,
    unstubEnvs: true,
    // One more than the cores of the smallest machine: the files with processes mostly wait for those.
    maxWorkers: 3,
    sequence: { sequencer: SlowestFirst },
    reporters: ["default"],
  },
});
