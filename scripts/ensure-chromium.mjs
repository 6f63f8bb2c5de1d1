// Makes sure that Chromium (or Chrome) can be started: a test runs the client in it. CHROME_PATH names one elsewhere. The program itself needs none.
// Installs one where that needs no question (apt-get as root or with passwordless sudo, brew on macOS), after saying so; otherwise stops with the one line to type.
import { spawnSync } from "node:child_process";
import { browserPath } from "./browser-path.mjs";

const runs = (command, args) => spawnSync(command, args, { stdio: "ignore" }).status === 0;

function install(steps) {
  for (const [command, ...args] of steps) {
    console.log(`  $ ${[command, ...args].join(" ")}`);
    const done = spawnSync(command, args, {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
    if (done.status !== 0) return false;
  }
  return browserPath() !== undefined;
}

function stop(line) {
  console.error(
    `\nA test runs the client in Chromium or Chrome, and there is none on PATH.\nType this, then try again:\n\n    ${line}\n`,
  );
  console.error("Or point CHROME_PATH at one that is installed elsewhere.\n");
  process.exit(1);
}

if (browserPath() !== undefined) process.exit(0);

const isRoot = process.getuid?.() === 0;
if (runs("apt-get", ["--version"])) {
  const sudo = isRoot ? [] : ["sudo", "-n"];
  if (!isRoot && !runs("sudo", ["-n", "true"])) stop("sudo apt-get install -y chromium");
  console.log("No Chromium or Chrome on PATH. Installing Debian's chromium:");
  const done = install([
    [...sudo, "apt-get", "update", "-qq"],
    [...sudo, "apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
  ]);
  if (!done) stop("sudo apt-get update && sudo apt-get install -y chromium");
} else if (process.platform === "darwin" && runs("brew", ["--version"])) {
  console.log("No Chromium or Chrome. Installing Homebrew's chromium:");
  if (!install([["brew", "install", "--cask", "chromium"]])) stop("brew install --cask chromium");
} else {
  stop(
    process.platform === "darwin"
      ? "brew install --cask chromium"
      : "install the package chromium with your system's package manager",
  );
}
