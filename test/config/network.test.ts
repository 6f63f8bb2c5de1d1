import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listSettings } from "../../src/config/listing.ts";
import { settingsFolder } from "./folder.ts";

const folder = settingsFolder();
const certificates = mkdtempSync(join(tmpdir(), "switchyard-ca-"));
const ca = join(certificates, "ca.pem");
beforeAll(() => {
  const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const files = ["-keyout", join(certificates, "ca.key"), "-out", ca];
  execFileSync("openssl", [...request, "-subj", "/CN=test", ...files], { stdio: "ignore" });
  writeFileSync(join(certificates, "no.pem"), "hello\n");
  writeFileSync(join(certificates, "broken.pem"), "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
});
afterAll(() => rmSync(certificates, { recursive: true }));

const keys = { OPENAI_API_KEY: "sk-one", ANTHROPIC_API_KEY: "sk-two" };
const provider = (env: Record<string, string>, yaml = "", name = "openai") =>
  folder.load({ ...keys, ...env }, yaml).providers.find((one) => one.name === name);

describe("a proxy", () => {
  test("is none, unless something says so", () => {
    expect(provider({})?.proxy).toBeNull();
  });

  test("is what the environment of all programs says, in either spelling, with or without a scheme", () => {
    const here = "localhost,127.0.0.1,[::1]";
    expect(provider({ HTTPS_PROXY: "http://proxy:3128" })?.proxy).toEqual({
      http: null,
      https: "http://proxy:3128",
      except: here,
    });
    const both = {
      https_proxy: "proxy:3128",
      HTTPS_PROXY: "http://other",
      http_proxy: "http://plain",
      NO_PROXY: "a.test,.b.test",
    };
    expect(provider(both)?.proxy).toEqual({
      http: "http://plain",
      https: "http://proxy:3128",
      except: `a.test,.b.test,${here}`,
    });
    expect(provider({ HTTPS_PROXY: "http://proxy:3128", NO_PROXY: "*" })?.proxy).toBeNull();
  });

  test("of the settings goes before that, and `off` is none", () => {
    const environment = { HTTPS_PROXY: "http://environment:1", NO_PROXY: "a.test" };
    expect(provider({ ...environment, SWITCHYARD_PROXY: "http://ours:2" })?.proxy).toMatchObject({
      http: "http://ours:2",
      https: "http://ours:2",
      except: expect.stringContaining("a.test"),
    });
    expect(provider(environment, "proxy: http://ours:3\n")?.proxy?.https).toBe("http://ours:3");
    expect(provider(environment, "proxy: off\n")?.proxy).toBeNull();
  });

  test("of one provider is its alone, with no exception", () => {
    const yaml = "proxy: http://all:1\nproviders:\n  openai: { proxy: http://own:2 }\n";
    expect(provider({}, yaml)?.proxy).toEqual({ http: "http://own:2", https: "http://own:2", except: "" });
    expect(provider({}, yaml, "anthropic")?.proxy?.https).toBe("http://all:1");
    expect(provider({}, "proxy: http://all:1\nproviders: { openai: { proxy: off } }\n")?.proxy).toBeNull();
  });

  test("that is none is a problem, and its password is not repeated", () => {
    const yaml = "proxy: socks5://user:hunter22@proxy\nproviders: { openai: { proxy: 'user:hunter22@x' } }\n";
    const { message } = folder.refused({ ...keys, HTTPS_PROXY: "socks5://user:hunter22@proxy" }, yaml);
    expect(message).toContain("- proxy (line 1, column 8): The value is not allowed; allowed: off, or http://");
    expect(message).toContain("- providers.openai.proxy (line 2, column ");
    expect(message).toContain("- HTTPS_PROXY: The value is not allowed");
    expect(message).toContain("SWITCHYARD_PROXY=off ignores it.");
    expect(message).not.toContain("hunter22");
  });

  test("is listed without its password", () => {
    const { settings, origins } = folder.loaded(
      { ...keys, SWITCHYARD_PROXY: "http://user:hunter22@all:1" },
      "providers: { openai: { proxy: 'http://user:hunter22@own:2' } }\n",
    );
    const listed = listSettings({ settings, origins });
    const shown = (...path: string[]) => listed.find((one) => one.path.join() === path.join())?.value;
    expect(shown("proxy")).toBe("http://***@all:1/");
    expect(shown("providers", "openai", "proxy")).toBe("http://***@own:2/");
    expect(shown("providers", "anthropic", "proxy")).toBeUndefined();
    expect(JSON.stringify(listed)).not.toContain("hunter22");
  });
});

describe("a CA", () => {
  test("holds for every provider, or for one; paths start from the working folder or from the file's", () => {
    expect(provider({ SWITCHYARD_CA: ca })?.ca).toMatchObject({ file: ca, pem: expect.stringMatching(/^-----BEGIN/) });
    const relative = { ca: `../${certificates.split("/").at(-1)}/ca.pem` };
    const yaml = `tls: { ca: ${relative.ca} }\nproviders: { anthropic: { ca: ${ca} } }\n`;
    expect(provider({}, yaml)?.ca?.file).toBe(ca);
    expect(provider({}, yaml, "anthropic")?.ca?.file).toBe(ca);
    expect(provider({})?.ca).toBeNull();
  });

  test("that is not there, or none, is a problem", () => {
    const yaml = `tls: { ca: ${certificates}/no.pem, cert: x }\nproviders: { openai: { ca: ${certificates}/broken.pem }, anthropic: { ca: nowhere.pem } }\n`;
    const { message } = folder.refused(keys, yaml);
    expect(message).toContain(`- tls.ca (line 1, column 12): ${certificates}/no.pem holds no certificate in PEM form.`);
    expect(message).toContain("broken.pem holds a certificate that is broken.");
    expect(message).toMatch(/providers\.anthropic\.ca .*\/nowhere\.pem cannot be read \(ENOENT\)\./);
    expect(message).toMatch(/tls\.cert .*No setting has this name; allowed: ca\./);
  });
});
