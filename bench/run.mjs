// npm run bench -- NAME [--json]: runs one benchmark. Each prints ratios against a peer measured in the same run.
import { readdirSync } from "node:fs";

const [name, ...options] = process.argv.slice(2);
const known = readdirSync(new URL(".", import.meta.url))
  .filter((file) => file.endsWith(".bench.mjs"))
  .map((file) => file.slice(0, -".bench.mjs".length));

if (!name || !known.includes(name)) {
  console.error(`Usage: npm run bench -- NAME [--json]\nBenchmarks: ${known.join(", ")}`);
  process.exit(2);
}
const { bench } = await import(`./${name}.bench.mjs`);
const result = await bench({ say: (line) => console.log(line), options });
if (options.includes("--json")) console.log(JSON.stringify({ bench: name, ...result }));
process.exit(0);
