import type { Redis } from "ioredis";
import type { AccessKey, AccessKeyRequest, NewAccessKey } from "../core/access-key.ts";
import { AppError } from "../core/errors.ts";
import { scopesUpTo } from "../core/principal.ts";
import { didYouMean } from "../core/suggest.ts";
import { defaultTenant } from "../core/tenant.ts";
import type { Keys } from "../redis/keys.ts";
import { digestOf, keyText, newKey, newSecret } from "./key.ts";

/** What the keys are kept with. */
export interface KeyStoreParts {
  /** An impatient connection. */
  readonly redis: Redis;
  readonly keys: Keys;
  readonly clock: () => number;
  /** Random bytes. */
  readonly bytes: (count: number) => Buffer;
}

/** What Redis holds of a key. */
export interface KeyRecord extends Omit<AccessKey, "revokedAt" | "lastUsedAt"> {
  readonly digest: string;
  /** Of the secret before, which opens until then. */
  readonly former?: { readonly digest: string; readonly until: number };
}

/** A key as it is looked up to be checked. */
export interface FoundKey extends KeyRecord {
  readonly revokedAt: number | null;
}

/**
 * The fleet's keys in Redis, a hash: a record by id, and beside it the time at which it was revoked. A revoked key stays in the list, so that a fleet whose last key
 * was revoked is closed and not open to everybody.
 */
export class KeyStore {
  readonly #parts: KeyStoreParts;

  constructor(parts: KeyStoreParts) {
    this.#parts = parts;
  }

  /** Whether a key was ever made: from then on everybody is asked for one. */
  async isAny(): Promise<boolean> {
    return (await this.#parts.redis.exists(this.#parts.keys.access.keys)) === 1;
  }

  /** Makes a key. */
  async create({ name, tenant = defaultTenant, scopes, expiresInMs }: AccessKeyRequest): Promise<NewAccessKey> {
    const { redis, keys, clock, bytes } = this.#parts;
    const made = newKey(bytes);
    const createdAt = clock();
    const record: KeyRecord = {
      id: made.id,
      name,
      tenant,
      scopes: scopesUpTo(scopes),
      createdAt,
      expiresAt: expiresInMs === undefined ? null : createdAt + expiresInMs,
      digest: digestOf(made.secret),
    };
    await redis.hset(keys.access.keys, made.id, JSON.stringify(record));
    await this.#tell();
    return { ...shown(record), key: keyText(made) };
  }

  /** A key with what it is checked against. */
  async find(id: string): Promise<FoundKey | undefined> {
    const { redis, keys } = this.#parts;
    const [text, revoked] = await redis.hmget(keys.access.keys, id, revokedField(id));
    return text ? { ...(JSON.parse(text) as KeyRecord), revokedAt: revoked ? Number(revoked) : null } : undefined;
  }

  /** Every key, the newest first. @param tenant only this one's */
  async list(tenant?: string): Promise<readonly AccessKey[]> {
    const { redis, keys } = this.#parts;
    const [found, used] = await Promise.all([redis.hgetall(keys.access.keys), redis.hgetall(keys.access.used)]);
    return Object.entries(found)
      .filter(([field]) => !field.endsWith(revokedMark))
      .map(([id, text]) => shown(JSON.parse(text) as KeyRecord, found[revokedField(id)], used[id]))
      .filter((key) => tenant === undefined || key.tenant === tenant)
      .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
  }

  /** Takes a key back, for good. Again changes nothing. @param tenant only this one's keys are there @throws AppError key_not_found */
  async revoke(id: string, tenant?: string): Promise<AccessKey> {
    const { redis, keys, clock } = this.#parts;
    await this.#known(id, tenant);
    await redis.hsetnx(keys.access.keys, revokedField(id), clock());
    await this.#tell();
    return this.#shown(id, tenant);
  }

  /**
   * Gives a key another secret under the same id. @param graceMs time for which the secret before opens too; 0: not at all
   * @throws AppError key_not_found; key_revoked
   */
  async rotate(id: string, graceMs: number, tenant?: string): Promise<NewAccessKey> {
    const { redis, keys, clock, bytes } = this.#parts;
    const { revokedAt, former: _, ...record } = await this.#known(id, tenant);
    if (revokedAt !== null) throw new AppError("key_revoked", { message: `Key ${id} was revoked; make another one.` });
    const secret = newSecret(bytes);
    const former = graceMs > 0 ? { former: { digest: record.digest, until: clock() + graceMs } } : {};
    await redis.hset(keys.access.keys, id, JSON.stringify({ ...record, digest: digestOf(secret), ...former }));
    await this.#tell();
    return { ...(await this.#shown(id, tenant)), key: keyText({ id, secret }) };
  }

  /** Remembers that a key was used. @param at epoch milliseconds */
  async touch(id: string, at: number): Promise<void> {
    await this.#parts.redis.hset(this.#parts.keys.access.used, id, at);
  }

  async #known(id: string, tenant: string | undefined): Promise<FoundKey> {
    const found = await this.find(id);
    if (found && (tenant === undefined || found.tenant === tenant)) return found;
    const known = (await this.list(tenant)).map((key) => key.id);
    throw new AppError("key_not_found", { message: `No key has the id ${id}.${didYouMean(id, known)}` });
  }

  async #shown(id: string, tenant: string | undefined): Promise<AccessKey> {
    const key = (await this.list(tenant)).find((one) => one.id === id);
    if (key) return key;
    throw new AppError("key_not_found", { message: `No key has the id ${id}.` });
  }

  /** Every server looks anew; one that does not hear it does so within seconds. */
  async #tell(): Promise<void> {
    await this.#parts.redis.publish(this.#parts.keys.access.changed, "keys").catch(() => 0);
  }
}

const revokedMark = ".revoked";

function revokedField(id: string): string {
  return `${id}${revokedMark}`;
}

function shown({ digest: _, former: __, ...record }: KeyRecord, revoked?: string, used?: string): AccessKey {
  return { ...record, revokedAt: revoked ? Number(revoked) : null, lastUsedAt: used ? Number(used) : null };
}
