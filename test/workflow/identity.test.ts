import { describe, expect, test } from "vitest";
import { checkDefinition } from "../../src/workflow/check.ts";
import { definitionHash } from "../../src/workflow/identity.ts";
import { kinds } from "./support/define.ts";

const hash = (source: string) => definitionHash(checkDefinition(source, { kinds }));
const plain = "name: w\nsteps:\n  - id: a\n    noop: { x: 1, y: 2 }\n";

describe("definitionHash", () => {
  test.each([
    ["comments", `# hello\n${plain}# bye\n`],
    ["the order of keys", "steps:\n  - noop: { y: 2, x: 1 }\n    id: a\nname: w\n"],
    ["the notation", '{"name":"w","steps":[{"id":"a","noop":{"x":1,"y":2}}]}'],
  ])("does not depend on %s", (_, source) => {
    expect(hash(source)).toBe(hash(plain));
  });

  test("changes with the content", () => {
    expect(hash(plain.replace("y: 2", "y: 3"))).not.toBe(hash(plain));
  });

  test("stays the same when the definition is stored as JSON and read again", () => {
    expect(hash(JSON.stringify(checkDefinition(plain, { kinds })))).toBe(hash(plain));
  });
});
