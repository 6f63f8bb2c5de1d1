import type { Redis } from "ioredis";
import { AppError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { didYouMean } from "../core/suggest.ts";
import { defaultTenant, fullName, ownName, tenantOf } from "../core/tenant.ts";
import type { Keys } from "../redis/keys.ts";
import { loadScript } from "../redis/script.ts";
import { type MachineModules, machineModules } from "../steps/machine-modules.ts";
import { type CheckedDefinition, checkDefinition } from "../workflow/check.ts";
import { compileWorkflow } from "../workflow/compile.ts";
import type { CompiledWorkflow } from "../workflow/compiled.ts";
import { definitionHash } from "../workflow/identity.ts";
import type { StepKindSpec } from "../workflow/kinds/kind.ts";
import { createDriver, type Driver } from "./drive.ts";
import type { DefinitionSource, ShownWorkflow, StoredWorkflow } from "./engine.ts";
import type { JobSource } from "./job.ts";
import { createOwnDriver } from "./own-driver.ts";

const storeScript = loadScript("store_workflow", new URL("./lua/store_workflow.lua", import.meta.url));

/** A version of a workflow, compiled, with the driver that steps its machine. Its name is the full one. */
export interface LoadedWorkflow extends StoredWorkflow {
  readonly compiled: CompiledWorkflow;
  readonly driver: Driver;
}

/** How a definition is stored. */
export interface StoreOptions {
  readonly tenant?: string;
  readonly isBlock?: boolean;
  readonly accept?: (workflow: CompiledWorkflow) => void | Promise<void>;
}

/** A driver for a workflow's machine. */
export function driverOf({ machine, own }: CompiledWorkflow): Driver {
  return own ? createOwnDriver(own) : createDriver(machine);
}

/** Whether this process cannot step a run because it does not have its machine. */
export function isMachineUnknown(error: unknown): error is AppError {
  return error instanceof AppError && error.code === "machine_unknown";
}

/** Whether this process lacks what the workflow is made of, and another one may have it: its machine, or the kind of one of its steps. */
export function isForOthers(error: unknown): error is AppError {
  return isMachineUnknown(error) || (error instanceof AppError && error.code === "invalid_definition");
}

/** Compiled versions kept in the memory of one process. The oldest use goes first. */
const cacheSize = 200;

/** The workflow store: checked definitions in Redis, compiled ones in memory. A version never changes, so a cached one is right as long as the connection holds. */
export class Definitions {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #kinds: readonly StepKindSpec[];
  readonly #strategies: readonly string[] | undefined;
  readonly #machines: MachineModules;
  readonly #cache = new Map<string, LoadedWorkflow>();

  /** @param strategies names that a new definition may use; absent: any. Stored ones are taken as they are. @param machines default: none */
  constructor(
    redis: Redis,
    keys: Keys,
    kinds: readonly StepKindSpec[],
    strategies?: readonly string[],
    machines: MachineModules = machineModules(null),
  ) {
    this.#redis = redis;
    this.#keys = keys;
    this.#kinds = kinds;
    this.#strategies = strategies;
    this.#machines = machines;
    // A Redis that comes back may have lost its last second, and with it versions whose numbers it then gives to other content.
    redis.on("close", () => this.#cache.clear());
  }

  /** Checks without storing. @throws AppError invalid_definition */
  check(source: DefinitionSource): CheckedDefinition {
    return checkDefinition(source, {
      kinds: this.#kinds,
      ...(this.#strategies ? { strategies: this.#strategies } : {}),
    });
  }

  /**
   * Stores a checked definition: equal content is the version that is there, changed content the next one.
   * @param options tenant: whose it is, by default the default tenant's; accept: looks at the workflow first, what it throws keeps the definition from being stored;
   *   isBlock: a step runs it, so it is not listed
   */
  async store(
    checked: CheckedDefinition,
    { tenant = defaultTenant, accept, isBlock = false }: StoreOptions = {},
  ): Promise<LoadedWorkflow> {
    const definition = await this.#machines.load(checked);
    const name = fullName(tenant, definition.name);
    const compiled = this.#compiled(name, definition);
    await accept?.(compiled);
    const content = [isBlock ? "" : name, definitionHash(definition), JSON.stringify(definition)];
    const reply = await storeScript.run(this.#redis, [this.#keys.workflow(name), this.#keys.workflows], content);
    return this.#remember(name, Number(reply), () => compiled);
  }

  #compiled(name: string, definition: CheckedDefinition): CompiledWorkflow {
    return { ...compileWorkflow(definition, { kinds: this.#kinds }), name };
  }

  /** A stored version; the newest if none is named. @param name the full one @throws AppError workflow_not_found */
  async load(name: string, version?: number): Promise<LoadedWorkflow> {
    const wanted = await this.#wanted(name, version);
    const cached = this.#cache.get(`${name}@${wanted}`);
    if (cached) return this.#touch(cached);
    const definition = await this.#machines.load(await this.#read(name, wanted, version));
    return this.#remember(name, wanted, () => this.#compiled(name, definition));
  }

  /** Refuses a workflow that was deleted: its versions are there for its runs only. @throws AppError workflow_not_found */
  async refuseDeleted(name: string): Promise<void> {
    if ((await this.#redis.hexists(this.#keys.workflow(name), "last")) === 1)
      throw await this.#notFound(name, undefined);
  }

  /** As much of a stored version as adding jobs needs, also where this process does not have its machine. @throws AppError workflow_not_found */
  async forJobs(name: string, version: number): Promise<JobSource> {
    try {
      return (await this.load(name, version)).compiled;
    } catch (error) {
      if (!isMachineUnknown(error)) throw error;
      return { name, steps: new Map(), queues: new Map(this.#kinds.map((kind) => [kind.name, kind.queue])) };
    }
  }

  /** Runs that the newest version lets be under way at once; undefined: any number, or none is stored. */
  async runLimit(name: string): Promise<number | undefined> {
    const latest = await this.#wanted(name, undefined);
    const cached = this.#cache.get(`${name}@${latest}`);
    if (cached) return cached.compiled.runLimit?.limit;
    if (!(latest > 0)) return undefined;
    const { concurrency } = await this.#read(name, latest, undefined);
    return typeof concurrency === "object" ? concurrency.limit : concurrency;
  }

  /** What the author of a stored version wrote; the newest if none is named. Not compiled, not cached. @throws AppError workflow_not_found */
  async show(name: string, version?: number): Promise<ShownWorkflow> {
    const wanted = await this.#wanted(name, version);
    const definition = await this.#read(name, wanted, version);
    const shown = await this.#machines.load(definition).catch((error: unknown) => {
      if (isMachineUnknown(error)) return definition;
      throw error;
    });
    return { name, version: wanted, definition: shown };
  }

  async #wanted(name: string, version: number | undefined): Promise<number> {
    return version ?? Number(await this.#redis.hget(this.#keys.workflow(name), "latest"));
  }

  /** @param asked the version that somebody named, for the error */
  async #read(name: string, version: number, asked: number | undefined): Promise<CheckedDefinition> {
    const text = await this.#redis.hget(this.#keys.workflow(name), `v${version}`);
    if (text === null) throw await this.#notFound(name, asked);
    return checkDefinition(JSON.parse(text) as JsonObject, { kinds: this.#kinds });
  }

  #remember(name: string, version: number, compile: () => CompiledWorkflow): LoadedWorkflow {
    const cached = this.#cache.get(`${name}@${version}`);
    if (cached) return this.#touch(cached);
    const compiled = compile();
    return this.#touch({ name, version, compiled, driver: driverOf(compiled) });
  }

  #touch(workflow: LoadedWorkflow): LoadedWorkflow {
    const key = `${workflow.name}@${workflow.version}`;
    this.#cache.delete(key);
    this.#cache.set(key, workflow);
    const oldest = this.#cache.keys().next();
    if (this.#cache.size > cacheSize && !oldest.done) this.#cache.delete(oldest.value);
    return workflow;
  }

  async #notFound(full: string, version: number | undefined): Promise<AppError> {
    const versions = Number(await this.#redis.hget(this.#keys.workflow(full), "latest"));
    const name = ownName(full);
    if (version !== undefined && versions > 0) {
      return new AppError("workflow_not_found", {
        message: `Workflow "${name}" has no version ${version}; its versions are 1 to ${versions}.`,
      });
    }
    const names = (await this.#redis.smembers(this.#keys.workflows))
      .filter((one) => tenantOf(one) === tenantOf(full))
      .map(ownName)
      .sort();
    const known = names.length === 0 ? "None is stored yet." : `Stored: ${names.slice(0, 20).join(", ")}.`;
    return new AppError("workflow_not_found", {
      message: `No workflow "${name}" is stored.${didYouMean(name, names)} ${known}`,
      details: { known: names.slice(0, 20) },
    });
  }
}
