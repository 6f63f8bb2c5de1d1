import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const src = resolve(import.meta.dirname, "../../src");

/** What each room may import, besides itself. An import goes down, never up or sideways. */
const below: Readonly<Record<string, readonly string[]>> = {
  core: [],
  config: ["core"],
  telemetry: ["core", "config"],
  redis: ["core", "config", "telemetry"],
  access: ["core", "config", "telemetry", "redis"],
  providers: ["core", "config", "telemetry", "redis"],
  router: ["core", "config", "telemetry", "redis", "providers"],
  workflow: ["core"],
  actors: ["core"],
  steps: ["core", "config", "telemetry", "redis", "providers", "router", "workflow"],
  engine: ["core", "config", "telemetry", "redis", "providers", "router", "workflow", "steps"],
  planning: ["core", "config", "telemetry", "redis", "providers", "router", "workflow", "steps", "engine"],
  server: [
    "core",
    "config",
    "telemetry",
    "redis",
    "access",
    "providers",
    "router",
    "workflow",
    "steps",
    "engine",
    "planning",
  ],
  testing: ["core", "config", "telemetry", "redis", "providers"],
  client: ["core"],
  simulator: ["core"],
};

interface SourceFile {
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const files: readonly SourceFile[] = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => {
    const text = readFileSync(join(src, path), "utf8");
    const imports = [...text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)].map(([, target]) =>
      relative(src, resolve(src, dirname(path), target ?? "")),
    );
    return { path, room: path.includes("/") ? (path.split("/")[0] ?? "") : "app", text, imports };
  });

describe("the rooms of src", () => {
  test("every room is known to this test", () => {
    const rooms = new Set(files.map((file) => file.room));
    expect([...rooms].filter((room) => !(room in below) && room !== "app" && room !== "cli")).toEqual([]);
  });

  test("imports go down", () => {
    const wrong = files.flatMap(({ path, room, imports }) => {
      const allowed = below[room];
      if (!allowed) return [];
      return imports
        .filter(
          (target) =>
            target.includes("/") && target.split("/")[0] !== room && !allowed.includes(target.split("/")[0] ?? ""),
        )
        .map((target) => `${path} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  test("only the command line stands above app.ts", () => {
    const wrong = files.filter(({ room, imports }) => room !== "cli" && room !== "app" && imports.includes("app.ts"));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  test("no imports go in a circle", () => {
    const imports = new Map(files.map((file) => [file.path, file.imports]));
    const circles: string[] = [];
    const done = new Set<string>();
    const visit = (path: string, trail: readonly string[]) => {
      if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(" > "));
      if (trail.includes(path) || done.has(path)) return;
      for (const target of imports.get(path) ?? []) visit(target, [...trail, path]);
      done.add(path);
    };
    for (const { path } of files) visit(path, []);
    expect(circles).toEqual([]);
  });

  test("no file has a name that says nothing", () => {
    const vague = files.filter(({ path }) =>
      /(^|\/)(utils?|helpers?|common|misc|types|lib|shared)(\.ts|\/)/.test(path),
    );
    expect(vague.map(({ path }) => path)).toEqual([]);
  });

  test("no file swallows its room: 300 lines at most", () => {
    const long = files.filter(({ text }) => text.split("\n").length > 300);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  test("no check is switched off", () => {
    const loose = files.filter(({ text }) => {
      const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      return /@ts-(ignore|expect-error|nocheck)|biome-ignore/.test(text) || /: any\b|\bas any\b/.test(code);
    });
    expect(loose.map(({ path }) => path)).toEqual([]);
  });
});
