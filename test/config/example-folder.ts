import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { loadSettings } from "../../src/config/load.ts";
import type { Settings } from "../../src/config/settings.ts";

/** The text of docs/switchyard.example.yaml. */
export const exampleText = readFileSync(resolve("docs/switchyard.example.yaml"), "utf8");

/** Loads a copy of the example (or another text) from a folder that has every file it names, each variable set to its own name. */
export function loadExample(text = exampleText): Settings {
  const folder = mkdtempSync(join(tmpdir(), "switchyard-example-"));
  try {
    for (const name of ["agents", "certs", "functions", "providers", "secrets"]) mkdirSync(join(folder, name));
    const certificate = selfSigned(folder);
    for (const [, file = ""] of text.matchAll(/\bca: (\S+)/g)) writeFileSync(join(folder, file), certificate);
    for (const [, file = ""] of text.matchAll(/\bmodule: (\S+)/g)) writeFileSync(join(folder, file), "");
    for (const [, file = ""] of text.matchAll(/\$\{file:([^}]+)\}/g)) {
      if (file !== "PATH" && file !== "...") writeFileSync(join(folder, file), "a key\n");
    }
    const path = join(folder, "switchyard.yaml");
    writeFileSync(path, text);
    const names = [...text.matchAll(/\$\{(?!NAME)(\w+)\}/g)].map(([, name = ""]) => name);
    const env = { ...Object.fromEntries(names.map((name) => [name, name])), REDIS_URL: "redis://127.0.0.1" };
    return loadSettings({ env, cwd: "/", file: path });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function selfSigned(folder: string): string {
  const file = join(folder, "made.pem");
  const options = [
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-subj",
    "/CN=office",
  ];
  execFileSync("openssl", ["req", ...options, "-keyout", join(folder, "made.key"), "-out", file], { stdio: "ignore" });
  return readFileSync(file, "utf8");
}
