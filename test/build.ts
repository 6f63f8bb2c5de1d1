import { execFileSync } from "node:child_process";

/** Builds dist/ once before the tests: those with real processes start the built program. */
export default function setup(): void {
  execFileSync("npm", ["run", "build", "--silent"], { stdio: "inherit" });
}
