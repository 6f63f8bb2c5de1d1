// Copies what tsc leaves behind (Lua scripts, YAML data, threads in plain JavaScript) from src/ to the same place under dist/.
import { cpSync } from "node:fs";
import { extname } from "node:path";

const carried = new Set([".lua", ".mjs", ".yaml", ".json", ""]);
cpSync("src", "dist", { recursive: true, filter: (path) => carried.has(extname(path)) });
