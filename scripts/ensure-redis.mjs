// Makes sure a redis-server or valkey-server is on PATH, or that REDIS_URL names one elsewhere.
// Installs one where that needs no question (apt-get as root or with passwordless sudo, brew on macOS), after saying so;
// otherwise stops with the one line to type. Never substitutes a fake.
import { spawnSync } from "node:child_process";

const runs = (command, args) => spawnSync(command, args, { stdio: "ignore" }).status === 0;
const onPath = (name) => runs(name, ["--version"]);

function install(steps) {
  for (const [command, ...args] of steps) {
    console.log(`  $ ${[command, ...args].join(" ")}`);
    const done = spawnSync(command, args, {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
    if (done.status !== 0) return false;
  }
  return onPath("redis-server");
}

function stop(line) {
  console.error(
    `\nSwitchyard needs a real Redis (or Valkey) server, and none is on PATH.\nType this, then try again:\n\n    ${line}\n`,
  );
  console.error("Or point REDIS_URL at a Redis 6.2+ that is running already.\n");
  process.exit(1);
}

if (process.env.REDIS_URL || onPath("redis-server") || onPath("valkey-server")) process.exit(0);

const isRoot = process.getuid?.() === 0;
if (onPath("apt-get")) {
  const sudo = isRoot ? [] : ["sudo", "-n"];
  if (!isRoot && !runs("sudo", ["-n", "true"])) stop("sudo apt-get install -y redis-server");
  console.log("No redis-server or valkey-server on PATH. Installing Debian's redis-server:");
  const done = install([
    [...sudo, "apt-get", "update", "-qq"],
    [...sudo, "apt-get", "install", "-y", "-qq", "--no-install-recommends", "redis-server"],
  ]);
  if (!done) stop("sudo apt-get update && sudo apt-get install -y redis-server");
} else if (process.platform === "darwin" && onPath("brew")) {
  console.log("No redis-server or valkey-server on PATH. Installing Homebrew's redis:");
  if (!install([["brew", "install", "redis"]])) stop("brew install redis");
} else {
  stop(
    process.platform === "darwin"
      ? "brew install redis"
      : "install the package redis or valkey with your system's package manager",
  );
}
