import ipaddr from "ipaddr.js";

/** Where requests of steps may go. */
export interface AddressRules {
  /** Whether a connection to this address may be opened. @param host as the request names it: a name, or the address itself without brackets */
  permits(host: string, address: string): boolean;
}

/** Public by their range, and yet a cloud's own: Azure's platform resources (its other address is link-local). */
const metadata: ReadonlySet<string> = new Set(["168.63.129.16"]);

/** What routers on the open internet carry; all other ranges of IPv6 are somebody's own, or lead to an IPv4 address. */
const globalUnicast = ipaddr.IPv6.parseCIDR("2000::/3");

/**
 * The rules of an installation. Without an entry only public addresses may be reached: nothing private, loopback, link-local (where clouds
 * keep their metadata), shared, reserved or translated.
 * @param allow networks (`10.1.0.0/16`), addresses (`127.0.0.1`), host names (`db.internal`), and names with all below them (`*.internal`)
 */
export function addressRules(allow: readonly string[]): AddressRules {
  const networks = allow.map(networkOf).filter((network) => network !== undefined);
  const names = allow.filter((entry) => !networkOf(entry)).map((entry) => entry.toLowerCase());
  return {
    permits(host, address) {
      const parsed = parseAddress(address);
      if (!parsed) return false;
      if (isPublic(parsed) || networks.some(([network, bits]) => contains(network, bits, parsed))) return true;
      const name = host.toLowerCase().replace(/\.$/, "");
      return names.some((known) => (known.startsWith("*.") ? name.endsWith(known.slice(1)) : name === known));
    },
  };
}

/** Whether a text can stand in the list of what is allowed. */
export function isAllowEntry(entry: string): boolean {
  if (/^[\d.]+(\/|$)|:/.test(entry)) return networkOf(entry) !== undefined;
  return /^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(entry);
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** An IPv4 address in IPv6's clothes is the IPv4 address. */
function parseAddress(text: string): Address | undefined {
  return ipaddr.isValid(text) ? ipaddr.process(text) : undefined;
}

function networkOf(entry: string): readonly [Address, number] | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(entry) || ipaddr.IPv6.isValid(entry)) {
    const address = ipaddr.process(entry);
    return [address, address.kind() === "ipv4" ? 32 : 128];
  }
  return ipaddr.isValidCIDR(entry) ? ipaddr.parseCIDR(entry) : undefined;
}

function contains(network: Address, bits: number, address: Address): boolean {
  return network.kind() === address.kind() && address.match([network, bits]);
}

function isPublic(address: Address): boolean {
  if (address.range() !== "unicast" || metadata.has(address.toString())) return false;
  return address.kind() === "ipv4" || address.match(globalUnicast);
}
