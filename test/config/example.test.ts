import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { builtIns } from "../../src/config/built-ins.ts";
import { providerFields } from "../../src/config/provider-settings.ts";
import { limitFields } from "../../src/config/read-limits.ts";
import { routingKeys } from "../../src/config/read-routing.ts";
import { scalars } from "../../src/config/scalar.ts";
import { isJsonObject } from "../../src/core/json.ts";
import { exampleText, loadExample } from "./example-folder.ts";

const data = parse(exampleText) as { routing: Record<string, unknown>; providers: Record<string, unknown> };

describe("docs/switchyard.example.yaml", () => {
  test("is taken as it stands, without a warning", () => {
    const settings = loadExample();
    expect(settings.warnings).toEqual([]);
    expect(settings.providers.map(({ name }) => name).sort()).toEqual(
      [...Object.keys(builtIns), "office", "acme"].sort(),
    );
    expect(settings.routing.limits.openai?.keys["key-2"]).toMatchObject({ requestsPerMinute: 60, usdPerDay: 10 });
    expect(settings.models.smart).toMatchObject({ office: "qwen3-235b" });
  });

  test("has every key that there is", () => {
    const has = (at: readonly string[]) =>
      at.reduce((value: unknown, key) => (isJsonObject(value) ? value[key] : undefined), data) !== undefined;
    const keys = [
      ...Object.values(scalars).map((scalar) => scalar.path),
      ...routingKeys.map((key) => ["routing", key]),
      ...Object.keys(limitFields).map((key) => ["routing", "limits", "openai", key]),
      ["routing", "limits", "openai", "keys"],
      ["models"],
    ];
    expect(keys.filter((key) => !has(key))).toEqual([]);
    const used = Object.values(data.providers).flatMap((provider) =>
      isJsonObject(provider) ? Object.keys(provider) : [],
    );
    expect(providerFields.filter((field) => !used.includes(field))).toEqual([]);
  });
});
