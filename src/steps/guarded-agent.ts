import { type LookupAddress, type LookupOptions, lookup as systemLookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { Agent, buildConnector } from "undici";
import type { AddressRules } from "../core/address-rules.ts";
import { AppError } from "../core/errors.ts";

/** How a guarded agent is made. */
export interface GuardedAgentOptions {
  readonly rules: AddressRules;
  /** Default: the system's own. */
  readonly lookup?: LookupFunction;
  /** Time to open a connection. Default 10 s. */
  readonly connectTimeoutMs?: number;
}

/**
 * An undici agent that opens connections only to addresses which the rules permit. It looks at the addresses that a name has at the moment
 * of connecting, and connects to one of just these, so a name that changes its address in between gains nothing. Requests are not
 * redirected, have no time limit but their signal's, and no proxy of the environment is used.
 */
export function guardedAgent({ rules, lookup = systemLookup, connectTimeoutMs = 10_000 }: GuardedAgentOptions): Agent {
  const open = buildConnector({ timeout: connectTimeoutMs, lookup: guardedLookup(rules, lookup) });
  return new Agent({
    headersTimeout: 0,
    bodyTimeout: 0,
    connect(options, callback) {
      const { hostname } = options;
      // An address needs no lookup, so none would refuse it.
      if (isIP(hostname) !== 0 && !rules.permits(hostname, hostname)) {
        callback(refused(hostname), null);
        return;
      }
      open(options, (...[error, socket]) => {
        if (error) {
          callback(error, null);
          return;
        }
        if (rules.permits(hostname, socket.remoteAddress ?? "")) callback(null, socket);
        else {
          socket.destroy();
          callback(refused(hostname), null);
        }
      });
    },
  });
}

/** A lookup that gives only addresses which may be reached. */
function guardedLookup(rules: AddressRules, lookup: LookupFunction): LookupFunction {
  return (hostname: string, options: LookupOptions, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, []);
      const addresses = (Array.isArray(found) ? found : []) as readonly LookupAddress[];
      const permitted = addresses.filter(({ address }) => rules.permits(hostname, address));
      const [first] = permitted;
      if (!first) return callback(refused(hostname), []);
      if (options.all) return callback(null, [...permitted]);
      return callback(null, first.address, first.family);
    });
  };
}

/** Does not tell the address: what names resolve to inside a network is nobody's business. */
function refused(host: string): AppError & NodeJS.ErrnoException {
  const what = isIP(host) === 0 ? `${host} leads to an address` : `${host} is an address`;
  const message = `${what} that is not public, and steps may reach only public ones (SWITCHYARD_HTTP_ALLOW lists exceptions).`;
  return new AppError("http_refused", { message, details: { host } }) as AppError & NodeJS.ErrnoException;
}
