import { expect } from "vitest";
import { createAccess } from "../../src/access/access.ts";
import type { Scope } from "../../src/core/principal.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { eventually } from "../support/eventually.ts";
import type { RunningApp } from "./running-app.ts";

/** What somebody may do, and whose things these are. */
export interface Wanted {
  readonly scope: Scope;
  /** Default: the default one. */
  readonly tenant?: string;
}

/** Makes a key for each name, and waits until the server asks for one. @returns keys by name */
export async function accessKeys({ redis, url }: RunningApp, wanted: Readonly<Record<string, Wanted>>) {
  const { store } = createAccess({ redis: redis.redis, keys: keysOf("switchyard"), clock: Date.now });
  const keys: Record<string, string> = {};
  for (const [name, { scope, tenant = "default" }] of Object.entries(wanted)) {
    keys[name] = (await store.create({ name, tenant, scopes: [scope] })).key;
  }
  await eventually(async () => expect((await fetch(`${url}/v1/runs`)).status).toBe(401));
  return keys;
}
