// Tells the author's code from Millrace's and from installed packages, so that errors point at what the author can change.

/** Where Millrace's own packages stand: `packages/` of the repository, or the `node_modules/` it is installed in. */
const ownPackages = new URL("../../../", import.meta.url).href;

/** @param url of a module, `file:///...` */
export function isOwnCode(url: string): boolean {
  return url.includes("/node_modules/") || url.startsWith(ownPackages);
}
