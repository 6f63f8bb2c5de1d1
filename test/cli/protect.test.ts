import { describe, expect, test } from "vitest";
import { type ProtectedProcess, protect } from "../../src/cli/protect.ts";

/** A process that crashes when the test says so. */
function running(env: Record<string, string>, report?: { excludeEnv?: boolean }) {
  let crash: (error: unknown) => void = () => undefined;
  const seen = { printed: "", exited: [] as number[], reports: [] as { error: Error; env: Record<string, unknown> }[] };
  const fake: ProtectedProcess = {
    env,
    stderr: {
      write(text: string | Uint8Array) {
        seen.printed += String(text);
        return true;
      },
    },
    on: (_, listener) => {
      crash = listener;
    },
    exit: (code) => seen.exited.push(code),
    ...(report
      ? {
          report: Object.assign(report, {
            reportOnUncaughtException: true,
            writeReport: (error: Error) => String(seen.reports.push({ error, env: { ...env } })),
          }),
        }
      : {}),
  };
  return { fake, seen, crash: (error: unknown) => crash(error) };
}

const secrets = { own: ["sk-0123456789", "redis-password-1"], others: ["step-variable-1"] };

describe("protect", () => {
  test("takes variables that hold a secret out of the environment, and no other", () => {
    const env = {
      OPENAI_API_KEY: "other, sk-0123456789",
      REDIS_URL: "redis://:redis-password-1@host",
      PATH: "/usr/bin",
      FOR_STEPS: "step-variable-1",
      NOTE: "about sk-0123456789 in a sentence",
      AWS_SECRET_ACCESS_KEY: "needed-later-1",
    };
    protect(running(env).fake, secrets);
    expect(Object.keys(env)).toEqual(["PATH", "FOR_STEPS", "NOTE", "AWS_SECRET_ACCESS_KEY"]);
  });

  test("tells a crash without secrets, members and environment included, and ends with 1", () => {
    const env = { AWS_SECRET_ACCESS_KEY: "needed-later-1" };
    const { fake, seen, crash } = running(env, {});
    protect(fake, secrets);
    const cause = new Error("with redis-password-1 and step-variable-1");
    crash(Object.assign(new Error("boom sk-0123456789", { cause }), { env, key: "sk-0123456789" }));
    expect(seen.exited).toEqual([1]);
    expect(seen.printed).toMatch(/boom \*\*\*/);
    const [report] = seen.reports;
    for (const text of [
      seen.printed,
      String(report?.error.stack),
      JSON.stringify(report?.error),
      JSON.stringify(report?.env),
    ])
      expect(text).not.toMatch(/0123456789|redis-password-1|step-variable-1|needed-later-1/);
  });

  test("tells what is no error, too", () => {
    const { fake, seen, crash } = running({});
    protect(fake, secrets);
    crash("just sk-0123456789");
    crash(undefined);
    expect(seen.printed).toBe("'just ***'\nundefined\n");
    expect(seen.exited).toEqual([1, 1]);
  });

  test("leaves the whole environment out of reports where Node can", () => {
    const report: { excludeEnv?: boolean } = { excludeEnv: false };
    protect(running({}, report).fake, secrets);
    expect(report.excludeEnv).toBe(true);
    const older: { excludeEnv?: boolean } = {};
    protect(running({}, older).fake, secrets);
    expect(older.excludeEnv).toBeUndefined();
  });
});
