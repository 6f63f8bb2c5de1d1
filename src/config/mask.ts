import type { Settings } from "./settings.ts";

/** The settings as they may be printed: keys and passwords replaced by `***`. */
export function maskedSettings(settings: Settings): Settings {
  return {
    ...settings,
    redisUrl: settings.redisUrl === null ? null : maskUrl(settings.redisUrl),
    providers: settings.providers.map((provider) => ({
      ...provider,
      keys: provider.keys.map((key) => ({ ...key, secret: "***" })),
    })),
  };
}

function maskUrl(text: string): string {
  const url = new URL(text);
  if (url.password) url.password = "***";
  for (const name of url.searchParams.keys()) if (/pass/i.test(name)) url.searchParams.set(name, "***");
  return url.toString();
}
