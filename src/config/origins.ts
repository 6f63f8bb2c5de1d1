import type { SettingsFile } from "./file.ts";
import type { Origin } from "./problems.ts";
import { type Source, valueAt } from "./source.ts";

/** Where a setting's value comes from. */
export type SettingOrigin =
  | { readonly from: "variable"; readonly variable: string }
  | { readonly from: "file"; readonly file: string; readonly line: number | null }
  | { readonly from: "run time" }
  | { readonly from: "default" };

/** Tells where values came from, by their path in the file (`["routing", "strategy"]`). */
export type Origins = (path: readonly string[]) => SettingOrigin;

/** A source that remembers where it found what. */
export function traced(source: Source): { readonly source: Source; readonly origins: Origins } {
  const { file } = source;
  const found = new Map<string, Origin>();
  return {
    source: {
      ...source,
      find(variable, path) {
        const value = source.find(variable, path);
        if (value) found.set(path.join("."), value);
        return value;
      },
    },
    origins(path) {
      const origin = found.get(path.join(".")) ?? (isSet(file, path) ? file.at(path) : undefined);
      if (!origin) return { from: "default" };
      if (origin.path !== path.join(".")) return { from: "variable", variable: origin.path };
      return { from: "file", file: file.name ?? "switchyard.yaml", line: origin.line ?? null };
    },
  };
}

function isSet(file: SettingsFile, path: readonly string[]): boolean {
  const value = valueAt(file.data, path);
  return value !== undefined && value !== null;
}
