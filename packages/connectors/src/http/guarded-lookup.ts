// Name resolution that drops the addresses a request may not reach. The connection uses exactly what was checked, so that a second answer of
// the name server cannot slip in between.
import { lookup, type LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { MillraceError } from "@millrace/core";
import type { AddressRules } from "./address-rules.ts";

export function egressRefused(host: string, address: string): MillraceError {
  const where = host === address ? host : `${host} (${address})`;
  return new MillraceError("egress-refused", `Outgoing request to ${where} refused: it is not a public address.`, {
    hint: `Declare "${host}" in allowAddresses of millrace.config.ts if it is intended.`,
    details: { host, address },
  });
}

/** A lookup for sockets. Fails with egress-refused when no address of the name may be reached. */
export function guardedLookup(rules: AddressRules): LookupFunction {
  return (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, []);
      const reachable = found.filter(({ address }) => rules.allowsHost(host) || rules.allowsAddress(address));
      const first = reachable[0];
      if (first === undefined) return callback(egressRefused(host, found[0]?.address ?? "no address"), []);
      if (options.all === true) return callback(null, reachable satisfies LookupAddress[]);
      return callback(null, first.address, first.family);
    });
  };
}
