// Makes sure that openssl is on PATH: the tests make certificates of their own with it. The program itself needs none.
import { spawnSync } from "node:child_process";

const runs = (command, args) => spawnSync(command, args, { stdio: "ignore" }).status === 0;

if (runs("openssl", ["version"])) process.exit(0);
const sudo = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
const line = "apt-get install -y openssl";
if (runs("apt-get", ["--version"])) {
  console.log(`No openssl on PATH; the tests make certificates with it. Installing Debian's:\n  $ ${line}`);
  const [command, ...args] = [...sudo, "apt-get", "install", "-y", "-qq", "openssl"];
  if (runs(command, args) && runs("openssl", ["version"])) process.exit(0);
}
console.error(
  `\nThe tests make certificates with openssl, and it is not on PATH.\nType this, then try again:\n\n    sudo ${line}\n`,
);
process.exit(1);
