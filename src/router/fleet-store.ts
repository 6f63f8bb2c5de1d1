import type { Redis } from "ioredis";
import type { Limits } from "../config/settings.ts";
import { shared } from "../redis/gathered.ts";
import type { Keys } from "../redis/keys.ts";
import { loadScript, type Script } from "../redis/script.ts";
import { book, bookFree, claimAlone, isFree, keepAlone, reserveAlone } from "./alone.ts";
import { bounded, type Reachability } from "./bounded.ts";
import type { Claim } from "./breaker.ts";
import { whole } from "./call-batch.ts";
import type { Booked, Booking, Fleet, FleetQuestion } from "./fleet.ts";
import { leaseId, leaseOf, nano } from "./limits.ts";
import type { Memory } from "./memory.ts";
import { isSame, recording } from "./recording.ts";
import { rules } from "./rules.ts";
import { asking, learn, remembered, useKeys } from "./snapshot.ts";
import { targetId } from "./target.ts";

/** What a fleet's store needs. */
export interface FleetOptions {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly clock: () => number;
  readonly random: () => number;
  readonly memory: Memory;
  readonly reachability: Reachability;
  /** `clock`: the caller's clock in place of Redis's. For tests. */
  readonly timeSource: "redis" | "clock";
}

const script = (name: string): Script => loadScript(name, new URL(`./lua/${name}.lua`, import.meta.url));
const scripts = {
  read: script("read"),
  reserve: script("reserve"),
  claim: script("claim"),
  keep: script("keep"),
};
const rulesText = JSON.stringify(rules);
const rulesTextFor = ({ leaseMs }: Booking) =>
  leaseMs === undefined ? rulesText : JSON.stringify({ ...rules, leaseMs });

/** Opens the store. Opens no connection of its own. */
export function createFleet(options: FleetOptions): Fleet {
  const { redis, keys, clock, random, memory, reachability } = options;
  const time = () => (options.timeSource === "redis" ? 0 : clock());
  const asked = asking(keys);
  // How far Redis's clock is ahead of ours, so that deadlines stay true while it is away.
  let aheadMs = 0;
  const now = () => clock() + aheadMs;
  const learned = (answer: unknown, question: FleetQuestion) => {
    const snapshot = learn(answer, question, memory);
    aheadMs = snapshot.now - clock();
    return snapshot;
  };
  const look = async (question: FleetQuestion) => {
    const put = asked(question, memory.routing.version);
    const answer = await bounded(reachability, () => scripts.read.run(redis, put.keys, [time(), ...put.args]), "try");
    if (answer.type === "answered") return learned(answer.value, question);
    return remembered(question, now(), memory);
  };
  const taken = recording({ redis, keys, memory, reachability, asked, learned, time, now });
  return {
    // A number that is drawn is one request's alone.
    read: shared(look, (one, other) => !one.count && isSame(one, other)),
    async reserve(given) {
      const booking = { ...given, ask: whole(given.ask) };
      if (isFree(booking)) {
        const begun = bookFree(booking, now(), memory);
        await taken({ type: "begun", booked: begun });
        return { type: "booked", booked: begun };
      }
      const names = [booking.provider, booking.keyField];
      const put = names.flatMap((name) => useKeys(name, keys));
      const answer = await bounded(reachability, () =>
        scripts.reserve.run(redis, put, [time(), rulesTextFor(booking), ...bookingArgs(booking)]),
      );
      if (answer.type === "away") return reserveAlone(booking, now(), memory);
      const [, at, number, limit, until] = answer.value as ["booked" | "full", number, number, keyof Limits, number];
      if (limit === undefined) return { type: "booked", booked: booked(booking, at, memory) };
      return { type: "full", name: names[number - 1] ?? "", full: { limit, until } };
    },
    async record(report, question) {
      const answerTo = await taken({ type: "ended", report, draw: random(), question });
      return answerTo(question);
    },
    async claim(target, token) {
      const key = keys.router(`health:${targetId(target)}`);
      const answer = await bounded(reachability, () =>
        scripts.claim.run(redis, [key], [time(), token, rules.probeLeaseMs]),
      );
      return answer.type === "answered" ? (answer.value as Claim) : claimAlone(target, token, now(), memory);
    },
    async keep(booked) {
      const leases = [booked.provider, booked.keyField].map((name) => useKeys(name, keys)[1]);
      keepAlone(booked, now(), memory);
      await bounded(reachability, () =>
        scripts.keep.run(redis, leases, [time(), leaseId(booked.lease), rules.leaseMs]),
      );
    },
  };
}

/** A booking as Redis has it. Its own process remembers it among its calls under way; one that somebody else ends is not among them. */
function booked(booking: Booking, at: number, memory: Memory): Booked {
  const { leaseMs, provider, keyField, ask, token } = booking;
  if (leaseMs === undefined) return book(booking, at, memory);
  return { provider, keyField, lease: leaseOf(ask, token, at, rules) };
}

/** ARGV 3 to 6 of lua/reserve.lua. */
function bookingArgs({ ask, token, limits, keyLimits }: Booking): readonly (string | number)[] {
  const texts = [limits, keyLimits].map((most) => ({
    concurrency: most?.concurrency ?? undefined,
    requestsPerMinute: most?.requestsPerMinute ?? undefined,
    tokensPerMinute: most?.tokensPerMinute ?? undefined,
    nanoUsdPerDay: most === null || most.usdPerDay === null ? undefined : nano(most.usdPerDay),
  }));
  return [ask.tokens, nano(ask.usd), token, JSON.stringify(texts)];
}
