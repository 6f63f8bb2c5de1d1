import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { type LoadedSettings, loadWithOrigins } from "../../src/config/load.ts";
import type { Settings } from "../../src/config/settings.ts";
import { AppError } from "../../src/core/errors.ts";

/** Loads settings in a folder of the test's own. */
export interface Folder {
  load(env: Record<string, string>, yaml?: string): Settings;
  loaded(env: Record<string, string>, yaml?: string): LoadedSettings;
  /** The error of settings that are refused. */
  refused(env: Record<string, string>, yaml?: string): AppError;
}

/** Gives each test of the file an empty folder. */
export function settingsFolder(): Folder {
  let cwd = "";
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), "switchyard-config-"));
  });
  afterEach(() => rmSync(cwd, { recursive: true, force: true }));
  const loaded = (env: Record<string, string>, yaml?: string) => {
    if (yaml !== undefined) writeFileSync(join(cwd, "switchyard.yaml"), yaml);
    return loadWithOrigins({ env, cwd });
  };
  return {
    loaded,
    load: (env, yaml) => loaded(env, yaml).settings,
    refused: (env, yaml) => refusal(() => loaded(env, yaml)),
  };
}

/** The AppError that something throws. */
export function refusal(act: () => unknown): AppError {
  try {
    act();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("it was taken");
}
