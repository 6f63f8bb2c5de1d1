#!/usr/bin/env node
import { version } from "../version.ts";
import { Output } from "./output.ts";
import { runProgram } from "./program.ts";
import { protect } from "./protect.ts";
import { listenForStop } from "./stop.ts";

const { env, stdout, stderr } = process;

// A reader such as `head` may go before everything is written.
stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

await runProgram(process.argv.slice(2), {
  output: new Output({ stdout, stderr, env }),
  env,
  cwd: process.cwd(),
  stop: listenForStop(),
  protect: (secrets) => protect(process, secrets),
  version,
});
