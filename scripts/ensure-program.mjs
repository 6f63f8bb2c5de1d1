// What the scripts beside this one make sure of a program with.
import { spawnSync } from "node:child_process";

/** Whether a command can be started and ends well. */
export const runs = (command, args) => spawnSync(command, args, { stdio: "ignore" }).status === 0;

/**
 * Installs a program that is not here where that needs no question (apt-get as root or with passwordless sudo, brew on macOS), after saying so; otherwise ends the process
 * with the one line to type.
 * @param {object} program
 * @param {() => boolean} program.isHere
 * @param {string} program.debian package of Debian
 * @param {readonly string[]} program.brew what stands behind `brew install`
 * @param {string} program.otherwise packages of other systems
 * @param {string} program.missing sentence: it is not here
 * @param {string} program.need sentence: what needs it, and that it is not here
 * @param {string} [program.instead] sentence: what else would do
 */
export function ensure(program) {
  if (program.isHere()) return;
  const isMac = process.platform === "darwin";
  if (runs("apt-get", ["--version"])) installByApt(program);
  else if (isMac && runs("brew", ["--version"])) installByBrew(program);
  else if (isMac) stop(program, ["brew", "install", ...program.brew].join(" "));
  else stop(program, `install the package ${program.otherwise} with your system's package manager`);
}

function installByApt(program) {
  const { debian, missing } = program;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && !runs("sudo", ["-n", "true"])) stop(program, `sudo apt-get install -y ${debian}`);
  const apt = isRoot ? ["apt-get"] : ["sudo", "-n", "apt-get"];
  console.log(`${missing} Installing Debian's ${debian}:`);
  const isInstalled = install(program, [
    [...apt, "update", "-qq"],
    [...apt, "install", "-y", "-qq", "--no-install-recommends", debian],
  ]);
  if (!isInstalled) stop(program, `sudo apt-get update && sudo apt-get install -y ${debian}`);
}

function installByBrew(program) {
  const { brew, missing } = program;
  console.log(`${missing} Installing Homebrew's ${brew.at(-1)}:`);
  if (!install(program, [["brew", "install", ...brew]])) stop(program, ["brew", "install", ...brew].join(" "));
}

/** Does one step after the other. @returns whether the program is here then */
function install({ isHere }, steps) {
  for (const [command, ...args] of steps) {
    console.log(`  $ ${[command, ...args].join(" ")}`);
    const done = spawnSync(command, args, {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
    if (done.status !== 0) return false;
  }
  return isHere();
}

function stop({ need, instead }, line) {
  console.error(`\n${need}\nType this, then try again:\n\n    ${line}\n`);
  if (instead) console.error(`${instead}\n`);
  process.exit(1);
}
