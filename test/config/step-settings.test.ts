import { isAbsolute, join } from "node:path";
import { describe, expect, test } from "vitest";
import { listSettings } from "../../src/config/listing.ts";
import { settingsFolder } from "./folder.ts";

const folder = settingsFolder();

describe("what steps may reach", () => {
  test("comes from variables", () => {
    const settings = folder.load({
      SWITCHYARD_STEP_ENV: "SHOP_TOKEN, SHOP_URL,SHOP_TOKEN",
      SWITCHYARD_HTTP_ALLOW: "10.0.0.0/8,::1,db.internal,*.svc.local",
      SWITCHYARD_FUNCTIONS: "./functions",
      SWITCHYARD_FUNCTION_PACKAGES: "lodash,@acme/steps",
      SHOP_TOKEN: "s3cr3t-Shop-1",
    });
    expect(settings).toMatchObject({
      stepEnv: ["SHOP_TOKEN", "SHOP_URL"],
      stepVariables: { SHOP_TOKEN: "s3cr3t-Shop-1", SHOP_URL: null },
      httpAllow: ["10.0.0.0/8", "::1", "db.internal", "*.svc.local"],
      functionPackages: ["lodash", "@acme/steps"],
    });
    expect(isAbsolute(settings.functions ?? "")).toBe(true);
  });

  test("comes from the file, as lists", () => {
    const yaml = "step_env: [SHOP_TOKEN]\nhttp_allow:\n  - localhost\nfunction_packages: [lodash]\nfunctions: .\n";
    const { settings, file } = folder.loaded({ SHOP_TOKEN: "x" }, yaml);
    expect(settings).toMatchObject({ stepEnv: ["SHOP_TOKEN"], httpAllow: ["localhost"], functionPackages: ["lodash"] });
    expect([file, settings.warnings]).toEqual(["switchyard.yaml", []]);
  });

  test("warns of a functions folder that is not there", () => {
    const { functions, warnings } = folder.load({ SWITCHYARD_FUNCTIONS: "./nowhere" });
    expect(warnings).toEqual([`SWITCHYARD_FUNCTIONS (functions) names ${functions}, and there is no such folder.`]);
    expect(functions).toMatch(new RegExp(`${join("/", "nowhere")}$`));
  });

  test.each([
    ["SWITCHYARD_STEP_ENV", "SHOP-TOKEN", "names of environment variables"],
    ["SWITCHYARD_HTTP_ALLOW", "http://db.internal", "networks, addresses and host names"],
    ["SWITCHYARD_HTTP_ALLOW", "10.0.0.0/33", "networks, addresses and host names"],
    ["SWITCHYARD_FUNCTION_PACKAGES", "../lodash", "names of npm packages"],
  ])("%s=%s is a problem that says what is allowed", (name, value, allowed) => {
    const { problems } = folder.refused({ [name]: value });
    expect(problems).toEqual([{ path: name, message: expect.stringContaining(allowed) }]);
  });

  test("is listed by the variables' names, never with their values", () => {
    const { settings, origins } = folder.loaded({ SWITCHYARD_STEP_ENV: "SHOP_TOKEN", SHOP_TOKEN: "s3cr3t-Shop-1" });
    const listed = listSettings({ settings, origins });
    expect(listed.find(({ path }) => path[0] === "step_env")?.value).toEqual(["SHOP_TOKEN"]);
    expect(JSON.stringify(listed)).not.toContain("s3cr3t-Shop-1");
  });
});
