import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { secretsOf } from "../../src/config/secrets.ts";
import { settingsFolder } from "./folder.ts";

const folder = settingsFolder();
const secrets = mkdtempSync(join(tmpdir(), "switchyard-secrets-"));
afterAll(() => rmSync(secrets, { recursive: true }));
const file = (name: string, text: string) => {
  writeFileSync(join(secrets, name), text);
  return `\${file:${join(secrets, name)}}`;
};

describe("a reference to a file", () => {
  test("stands for what the file holds, without the blanks and line ends around it", () => {
    const key = file("key", "  sk-from-a-file\n\n");
    const { providers, redisUrl } = folder.load(
      { NAME: "value" },
      `redis_url: "redis://:${file("password", "hunter22\n")}@127.0.0.1"
providers:
  openai: { api_key: ["${key}", "\${NAME}"] }
`,
    );
    expect(providers[0]?.keys.map(({ secret }) => secret)).toEqual(["sk-from-a-file", "value"]);
    expect(redisUrl).toBe("redis://:hunter22@127.0.0.1");
  });

  test("may be relative to the settings file", () => {
    const relative = `../${secrets.split("/").at(-1)}/relative`;
    file("relative", "sk-relative");
    const { providers } = folder.load({}, `providers: { openai: { api_key: "\${file: ${relative} }" } }\n`);
    expect(providers[0]?.keys[0]?.secret).toBe("sk-relative");
  });

  test("to nothing is a problem with its place and the reason", () => {
    const yaml = `providers:
  openai: { api_key: "\${file:/run/secrets/no-such-key}" }
  anthropic: { api_key: "${file("empty", " \n")}" }
  gemini: { api_key: "\${file:${secrets}}" }
`;
    const { message } = folder.refused({}, yaml);
    expect(message).toContain(
      "- providers.openai.api_key (line 2, column 22): ${file:/run/secrets/no-such-key} refers to a file that cannot be read (ENOENT).",
    );
    expect(message).toMatch(/providers\.anthropic\.api_key .*refers to a file that is empty\./);
    expect(message).toMatch(/providers\.gemini\.api_key .*cannot be read \(EISDIR\)\./);
  });

  test("what it stands for is not repeated in a problem", () => {
    const { message } = folder.refused({}, `host: "${file("wrong", "not a host 0123")}"\n`);
    expect(message).toContain("- host (line 1, column 7): ");
    expect(message).not.toContain("0123");
  });
});

describe("secretsOf", () => {
  test("has every key, password, and what a plug-in's options refer to", () => {
    const settings = folder.load(
      {
        OPENAI_API_KEY: "sk-one,sk-two",
        REDIS_URL: "redis://default:redis%2Fpw@127.0.0.1",
        SWITCHYARD_PROXY: "http://user:proxy-pw@proxy:1",
        TOKEN: "token-1",
      },
      `providers:
  anthropic: { api_key: sk-three, proxy: "http://u:own-pw@proxy:2" }
  mine: { type: plugin, module: ./mine.mjs, model: m, options: { plain: text, deep: [{ token: "Bearer \${TOKEN}!" }] } }
`.replace("./mine.mjs", import.meta.filename),
    );
    const found = secretsOf(settings);
    for (const secret of [
      "sk-one",
      "sk-two",
      "sk-three",
      "redis/pw",
      "redis%2Fpw",
      "proxy-pw",
      "user:proxy-pw",
      "own-pw",
      "token-1",
    ])
      expect(found).toContain(secret);
    expect(found).not.toContain("text");
    expect(found.filter((secret) => secret === "")).toEqual([]);
  });
});
