import { listSettings } from "../config/listing.ts";
import type { Origins } from "../config/origins.ts";
import { applyOverrides, type RoutingOverrides } from "../config/overrides.ts";
import type { Settings } from "../config/settings.ts";
import { AppError } from "../core/errors.ts";
import type { ExplainRequest, Explanation, RoutingReport, RoutingSetting, RoutingTarget } from "../core/routing.ts";
import { didYouMean } from "../core/suggest.ts";
import type { RoutingPatch } from "./routing-patch.ts";
import type { ChangedRouting, RoutingStore, StoredRouting } from "./routing-store.ts";

/** Who makes a change, and perhaps for which version. */
export interface ChangeBy {
  readonly author: string;
  readonly expected?: number;
}

/** What may be done about routing while the fleet runs. Calls fail with redis_unavailable while Redis is away. */
export interface RoutingControl {
  /** What is in force, where each value comes from, and how the targets stand. */
  show(): Promise<RoutingReport>;
  /** @throws AppError invalid_settings, routing_conflict */
  change(patch: RoutingPatch, by: ChangeBy): Promise<ChangedRouting>;
  /** Gives a provider no new calls; those under way go on. @throws AppError unknown_provider, and as {@link change} */
  drain(provider: string, by: ChangeBy): Promise<ChangedRouting>;
  /** Gives a drained provider calls again, its share growing. @throws as {@link drain} */
  undrain(provider: string, by: ChangeBy): Promise<ChangedRouting>;
  /** Forgets a provider's breakers, rate limits and refused keys. @returns how many of its targets were known @throws AppError unknown_provider */
  reset(provider: string): Promise<number>;
  /** The newest versions first. */
  history(limit?: number): Promise<readonly StoredRouting[]>;
  /** @throws AppError routing_version_not_found, invalid_settings, routing_conflict */
  rollback(version: number, by: ChangeBy): Promise<ChangedRouting>;
  /** How a request would be routed now. @throws AppError as a run with such hints: unknown_provider, bad_request, ... */
  explain(request: ExplainRequest): Promise<Explanation>;
}

/** What the control stands on. */
export interface RoutingControlOptions {
  readonly settings: Settings;
  /** Where the settings come from, where it is known. */
  readonly origins?: Origins;
  readonly store: RoutingStore;
  readonly explain: (request: ExplainRequest) => Promise<Explanation>;
  /** @returns how many of the provider's targets were known */
  readonly resetHealth: (provider: string) => Promise<number>;
}

/** Puts the control together. Opens nothing. */
export function createRoutingControl(options: RoutingControlOptions): RoutingControl {
  const { settings, store, explain } = options;
  const configured = settings.providers.map(({ name }) => name);
  const inForce = (set: RoutingOverrides) => applyOverrides(settings.routing, set, configured);
  const known = (provider: string) => {
    if (!configured.includes(provider)) throw unknownProvider(provider, configured);
  };
  const changeDrained = (change: (drained: readonly string[]) => readonly string[], note: string, by: ChangeBy) =>
    store.change(
      (set) => {
        const drained = change(inForce(set).drained);
        const isAsConfigured = drained.join() === settings.routing.drained.join();
        return { drained: isAsConfigured ? null : drained };
      },
      { ...by, note, settings },
    );
  return {
    async show() {
      const [stored, explained] = await Promise.all([
        store.current(),
        configured.length === 0 ? undefined : explain({ hints: {} }),
      ]);
      const { enabled, drained } = inForce(stored.overrides);
      const targets = (explained?.candidates ?? []).map(
        ({ place: _place, costUsd: _cost, score: _score, ...candidate }): RoutingTarget => ({
          ...candidate,
          enabled: enabled.includes(candidate.provider),
          drained: drained.includes(candidate.provider),
        }),
      );
      const { overrides, ...version } = stored;
      return {
        ...version,
        overrides: { ...overrides },
        settings: settingsOf({ ...settings, routing: inForce(overrides) }, overrides, options.origins),
        targets,
        degraded: explained?.degraded ?? false,
      };
    },
    change: (patch, by) => store.change(patch, { ...by, settings }),
    async drain(provider, by) {
      known(provider);
      const add = (drained: readonly string[]) => [...drained.filter((name) => name !== provider), provider];
      return changeDrained(
        (drained) => (drained.includes(provider) ? drained : add(drained)),
        `drained ${provider}`,
        by,
      );
    },
    async undrain(provider, by) {
      known(provider);
      return changeDrained((drained) => drained.filter((name) => name !== provider), `undrained ${provider}`, by);
    },
    async reset(provider) {
      known(provider);
      return options.resetHealth(provider);
    },
    history: (limit) => store.history(limit),
    rollback: (version, by) => store.rollback(version, { ...by, settings }),
    explain: (request) => explain(request),
  };
}

/** What is in force, by key, with where it comes from. */
function settingsOf(
  settings: Settings,
  overrides: RoutingOverrides,
  origins: Origins | undefined,
): Readonly<Record<string, RoutingSetting>> {
  const listed = listSettings({ settings, origins: origins ?? (() => ({ from: "default" })), overrides });
  const routing = listed.filter(({ path }) => path[0] === "routing");
  return Object.fromEntries(
    routing.map(({ path, value, origin }) => {
      const isKnown = origins !== undefined || origin.from === "run time";
      return [path.slice(1).join("."), { value, origin: isKnown ? origin : null }];
    }),
  );
}

function unknownProvider(name: string, known: readonly string[]): AppError {
  const list = known.length > 0 ? `Known: ${known.join(", ")}.` : "No provider is configured.";
  const message = `No provider is called ${name.slice(0, 100)}. ${list}${didYouMean(name, known)}`;
  return new AppError("unknown_provider", { message, details: { provider: name.slice(0, 100), known } });
}
