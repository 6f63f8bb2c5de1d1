import wrapAnsi from "wrap-ansi";
import { type ListedSetting, listSettings } from "../../config/listing.ts";
import type { LoadedSettings } from "../../config/load.ts";
import { applyOverrides, checkOverrides, type RoutingOverrides } from "../../config/overrides.ts";
import type { Settings } from "../../config/settings.ts";
import { AppError } from "../../core/errors.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import { readNote } from "../address.ts";
import type { CliContext } from "../context.ts";
import { momentWords } from "../moment.ts";
import type { Output } from "../output.ts";
import { table } from "../table.ts";

/** What Redis says of the routing. */
interface RunTime {
  readonly redis: "answers" | "does not answer" | "not named";
  /** Null: nothing was set, or nobody knows. */
  readonly set: {
    readonly version: number;
    readonly author: string | null;
    /** Epoch milliseconds. */
    readonly at: number | null;
    readonly note: string | null;
    readonly overrides: RoutingOverrides;
  } | null;
}

/** Prints every setting with its value and where that comes from. Secrets are masked where the list is made. */
export async function showConfig(
  loaded: LoadedSettings,
  { json }: { readonly json?: boolean },
  context: CliContext,
): Promise<void> {
  const { settings, origins, file } = loaded;
  const { output } = context;
  const runTime = await askRedis(settings, context);
  const overrides = runTime.set?.overrides ?? {};
  const configured = settings.providers.map(({ name }) => name);
  const routing = applyOverrides(settings.routing, overrides, configured);
  const list = listSettings({ settings: { ...settings, routing }, origins, overrides });
  const warnings = [...settings.warnings, ...misfits(overrides, settings)];
  if (json) {
    const { redis, set } = runTime;
    const run = set && { version: set.version, author: set.author, at: set.at, note: set.note };
    return output.json({ file: file ?? null, redis, runTime: run, settings: list.map(asJson), warnings });
  }
  output.print(...sections(list, runTime, output));
  if (runTime.set) output.print("", runTimeLine(runTime.set));
  if (runTime.redis !== "answers")
    output.note(`Redis ${awayWords[runTime.redis]}: what was set at run time is not known here.`);
  for (const warning of warnings) output.note(`warning: ${warning}`);
}

const awayWords = { "does not answer": "does not answer", "not named": "is not named" } as const;

/** What was set at run time and does not fit this process's settings: it is left out here, or changes more than it says. */
function misfits(overrides: RoutingOverrides, settings: Settings): string[] {
  try {
    const warnings: string[] = [];
    checkOverrides(overrides, settings, { since: true, warnings });
    return warnings.map((warning) => `set at run time: ${warning}`);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.problems.map(
      ({ path, message }) => `set at run time, and does not fit these settings: ${path}: ${message}`,
    );
  }
}

async function askRedis({ redisUrl, prefix }: Settings, { cwd }: CliContext): Promise<RunTime> {
  const url = redisUrl ?? readNote(cwd)?.redisUrl;
  if (url === undefined) return { redis: "not named", set: null };
  const { connect, isUnreachable, ready } = await import("../../redis/connection.ts");
  const { keysOf } = await import("../../redis/keys.ts");
  const { createRoutingStore } = await import("../../router/routing-store.ts");
  const redis = connect(url, "impatient", () => undefined);
  try {
    await ready(redis);
    const set = await createRoutingStore({ redis, keys: keysOf(prefix) }).current();
    return { redis: "answers", set: set.version === 0 ? null : set };
  } catch (error) {
    const isAway = isUnreachable(error) || (error instanceof AppError && error.code === "redis_unavailable");
    if (!isAway) throw error;
    return { redis: "does not answer", set: null };
  } finally {
    redis.disconnect();
  }
}

function runTimeLine({ version, author, at, note }: NonNullable<RunTime["set"]>): string {
  const time = at === null ? "" : ` at ${momentWords(at)} UTC`;
  return `run time, version ${version} by ${author ?? "nobody"}${time}${note ? `: ${note}` : ""}`;
}

function asJson({ path, value, origin }: ListedSetting) {
  return { path: path.join("."), value, origin };
}

/** The settings by section, each a table of name, value and origin that fits the terminal. */
function sections(list: readonly ListedSetting[], { set }: RunTime, output: Output): string[] {
  const width = output.stdout.columns || 80;
  const titles = [...new Set(list.map(titleOf))];
  return titles.flatMap((title, index) => {
    const rows = list
      .filter((setting) => titleOf(setting) === title)
      .map((setting) => [nameOf(setting), valueText(setting), originText(setting, set?.version)] as const);
    const lines = fitted(rows, width - 2, output.paint.dim);
    return [...(index > 0 ? [""] : []), output.paint.bold(title), ...lines.map((line) => `  ${line}`)];
  });
}

function titleOf({ path }: ListedSetting): string {
  const [first = "", second = ""] = path;
  if (path.length === 1) return "program";
  return first === "providers" ? `${first}.${second}` : first;
}

function nameOf({ path }: ListedSetting): string {
  return path.slice(path[0] === "providers" ? 2 : path.length === 1 ? 0 : 1).join(".");
}

/** A value as somebody would write it on one line. */
function valueText({ path, value }: ListedSetting): string {
  if (path.at(-1) === "api_key" && Array.isArray(value))
    return value.length === 0 ? "none" : `${value.join(", ")} (set, not shown)`;
  return written(value);
}

function written(value: Json | undefined): string {
  if (value === null || value === undefined || value === "") return "none";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(written).join(", ");
  if (!isJsonObject(value)) return String(value);
  const members = Object.entries(value);
  return members.length === 0 ? "none" : members.map(([key, member]) => `${key}:${written(member)}`).join(", ");
}

function originText({ origin }: ListedSetting, version: number | undefined): string {
  switch (origin.from) {
    case "variable":
      return origin.variable;
    case "file":
      return origin.line === null ? origin.file : `${origin.file}:${origin.line}`;
    case "run time":
      return `run time, version ${version}`;
    case "default":
      return "default";
  }
}

/** Three columns in a width: what is too long for its column goes on in the lines below. */
function fitted(
  rows: readonly (readonly [string, string, string])[],
  width: number,
  dim: (text: string) => string,
): string[] {
  const longest = (column: 0 | 2) => Math.max(...rows.map((row) => row[column].length));
  const nameWidth = Math.min(longest(0), Math.floor(width * 0.4));
  const originWidth = Math.min(longest(2), Math.floor(width * 0.35));
  const widths = [nameWidth, Math.max(10, width - nameWidth - originWidth - 4), originWidth];
  return table(
    rows.flatMap((row) => {
      const cells = row.map((cell, column) => wrapAnsi(cell, widths[column] ?? 0, { hard: true }).split("\n"));
      const height = Math.max(...cells.map((lines) => lines.length));
      return Array.from({ length: height }, (_, line) =>
        cells.map((lines, column) => (column === 2 ? dim(lines[line] ?? "") : (lines[line] ?? ""))),
      );
    }),
  );
}
