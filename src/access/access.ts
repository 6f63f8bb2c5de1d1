import { randomBytes } from "node:crypto";
import type { Redis } from "ioredis";
import type { Keys } from "../redis/keys.ts";
import { AuditLog } from "./audit-log.ts";
import { Gate } from "./gate.ts";
import { KeyStore } from "./key-store.ts";
import { LoginTries } from "./login-tries.ts";
import { Sessions } from "./sessions.ts";

/** Who may do what, as one process knows it. */
export interface Access {
  readonly store: KeyStore;
  readonly sessions: Sessions;
  readonly logins: LoginTries;
  readonly gate: Gate;
  readonly audit: AuditLog;
}

/** What it is made of. */
export interface AccessParts {
  /** An impatient connection. */
  readonly redis: Redis;
  /** A connection that only receives announcements; absent: changes are seen within seconds. */
  readonly subscriber?: Redis;
  readonly keys: Keys;
  readonly clock: () => number;
}

/** Puts it together, and listens for changes of keys. */
export function createAccess({ redis, subscriber, keys, clock }: AccessParts): Access {
  const store = new KeyStore({ redis, keys, clock, bytes: randomBytes });
  const sessions = new Sessions(redis, keys, randomBytes);
  const gate = new Gate({ store, sessions, clock });
  if (subscriber) {
    subscriber.on("message", (channel: string) => {
      if (channel === keys.access.changed) gate.outdate();
    });
    // What was told while the connection was away is looked up.
    subscriber.on("ready", () => gate.outdate());
    subscriber.subscribe(keys.access.changed).catch(() => undefined);
  }
  return { store, sessions, logins: new LoginTries(redis, keys), gate, audit: new AuditLog(redis, keys) };
}
