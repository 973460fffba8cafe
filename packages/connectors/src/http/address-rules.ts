// Which addresses outgoing requests may reach: public ones, and private ones that the project declares. Guards against requests that a
// redirect, a DNS answer or a setting turns towards the inside (SSRF).
import { BlockList, isIP } from "node:net";
import { MillraceError } from "@millrace/core";

/** Ranges that are not the public internet (IANA special-purpose registries). */
const privateRanges4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
];
/** Of IPv6, only 2000::/3 is public; inside it these are not (6to4 and Teredo carry IPv4 addresses). */
const privateRanges6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

export interface AddressRules {
  /** True when the host itself is declared, so that whatever it resolves to may be reached. */
  allowsHost(host: string): boolean;
  allowsAddress(address: string): boolean;
}

/**
 * @param allow host names, addresses or CIDR blocks that may be reached although they are private
 * @throws MillraceError project-invalid for an entry that is none of them
 */
export function addressRules(allow: readonly string[]): AddressRules {
  const hosts = new Set<string>();
  const allowed = new BlockList();
  for (const entry of allow) {
    const host = withoutBrackets(entry);
    if (host.includes("/")) addRange(allowed, host, entry);
    else if (isIP(host) === 0) hosts.add(hostName(entry));
    else allowed.addAddress(host, family(host));
  }
  const blocked = new BlockList();
  for (const range of [...privateRanges4, ...privateRanges6]) addRange(blocked, range, range);
  const global6 = new BlockList();
  global6.addSubnet("2000::", 3, "ipv6");
  return {
    allowsHost: (host) => hosts.has(host.toLowerCase()),
    allowsAddress(address) {
      const plain = embeddedIPv4(address) ?? address;
      const kind = family(plain);
      if (allowed.check(plain, kind) || allowed.check(address, family(address))) return true;
      return !blocked.check(plain, kind) && (kind === "ipv4" || global6.check(plain, "ipv6"));
    },
  };
}

/** The host of a URL without the brackets of IPv6. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, "$1");
}

function family(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 4 ? "ipv4" : "ipv6";
}

function addRange(list: BlockList, range: string, entry: string): void {
  const [base = "", bits = ""] = range.split("/");
  const version = isIP(base);
  if (version === 0 || !/^\d+$/.test(bits) || Number(bits) > (version === 4 ? 32 : 128)) throw notAnAddress(entry);
  list.addSubnet(base, Number(bits), family(base));
}

function hostName(entry: string): string {
  if (!/^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/i.test(entry)) throw notAnAddress(entry);
  return entry.toLowerCase();
}

function notAnAddress(entry: string): MillraceError {
  return new MillraceError(
    "project-invalid",
    `allowAddresses: "${entry}" is not a host name, an address or a CIDR block such as "10.1.0.0/16"`,
  );
}

/** The IPv4 address inside an IPv4-mapped (::ffff:0:0/96) or NAT64 (64:ff9b::/96) address. */
function embeddedIPv4(address: string): string | undefined {
  if (isIP(address) !== 6) return undefined;
  const canonical = withoutBrackets(new URL(`http://[${address.split("%")[0] ?? ""}]/`).hostname);
  const match = /^(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  const high = Number.parseInt(match[1], 16);
  const low = Number.parseInt(match[2], 16);
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}
