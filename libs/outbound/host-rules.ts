import { BlockList, isIP, isIPv4 } from 'node:net';
import { InvalidInput } from '#core';
import { canonicalAddress } from './address.js';

/**
 * A list of hosts, as operators write it: `name`, `name:port`, `.domain` or `*.domain` (a domain and all below it), an address,
 * `address:port`, `[v6]:port`, a range `10.0.0.0/8` or `fd00::/8`, or `*` for everything.
 */
export class HostRules {
  readonly #names = new Set<string>();
  readonly #domains = new Set<string>();
  readonly #v4 = new BlockList();
  readonly #v6 = new BlockList();
  #everything = false;

  /**
   * @param setting what the list is called by those who write it, for messages.
   * @param everyName whether a bare name also covers the names below it, as NO_PROXY has it.
   * @throws InvalidInput naming an entry that can't be read.
   */
  constructor(
    entries: readonly string[],
    readonly setting: string,
    everyName: 'exact' | 'with-subdomains' = 'exact',
  ) {
    for (const entry of entries) this.#add(entry.trim().toLowerCase(), everyName === 'with-subdomains');
  }

  /** Whether a host is listed as it is written in a URL: its name, its address, or either with this port. */
  matchesHost(hostname: string, port: number): boolean {
    if (this.#everything) return true;
    const bare = hostname.replace(/^\[|\]$/g, '');
    if (isIP(bare)) return this.matchesAddress(bare) || this.#names.has(`${canonicalAddress(bare)}|${port}`);
    const name = bare.toLowerCase().replace(/\.$/, '');
    if (this.#names.has(name) || this.#names.has(`${name}|${port}`)) return true;
    if (this.#domains.size === 0) return false;
    for (let rest = name; rest !== ''; rest = rest.includes('.') ? rest.slice(rest.indexOf('.') + 1) : '') {
      if (this.#domains.has(rest) || this.#domains.has(`${rest}|${port}`)) return true;
    }
    return false;
  }

  /** Whether an address, as resolved, is listed by itself or in a range. */
  matchesAddress(text: string): boolean {
    if (this.#everything) return true;
    const address = canonicalAddress(text);
    return isIPv4(address) ? this.#v4.check(address, 'ipv4') : this.#v6.check(address, 'ipv6');
  }

  #add(entry: string, withSubdomains: boolean): void {
    if (entry === '') return;
    if (entry === '*') {
      this.#everything = true;
      return;
    }
    const range = /^(.+)\/(\d{1,3})$/.exec(entry);
    if (range) return this.#addRange(range[1] ?? '', Number(range[2]), entry);
    const [, host = '', port] = /^(\[[^\]]+\]|[^:]+)(?::(\d{1,5}))?$/.exec(isIP(entry) ? `[${entry}]` : entry) ?? this.#refuse(entry);
    const bare = host.replace(/^\[|\]$/g, '');
    const suffix = port === undefined ? '' : `|${Number(port)}`;
    if (isIP(bare)) {
      if (suffix !== '') this.#names.add(`${canonicalAddress(bare)}${suffix}`);
      else this.#addRange(bare, isIPv4(canonicalAddress(bare)) ? 32 : 128, entry);
      return;
    }
    const name = bare.replace(/^\*?\./, '').replace(/\.$/, '');
    if (!/^[\p{L}\p{N}_-]+(\.[\p{L}\p{N}_-]+)*$/u.test(name)) this.#refuse(entry);
    // A URL spells an international name in ASCII, so the list must as well.
    const ascii = URL.canParse(`http://${name}`) ? new URL(`http://${name}`).hostname : this.#refuse(entry);
    (withSubdomains || bare !== name ? this.#domains : this.#names).add(`${ascii}${suffix}`);
  }

  #addRange(text: string, prefix: number, entry: string): void {
    if (!isIP(text)) this.#refuse(entry);
    const address = canonicalAddress(text);
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    if (prefix > (family === 'ipv4' ? 32 : 128)) this.#refuse(entry);
    (family === 'ipv4' ? this.#v4 : this.#v6).addSubnet(address, prefix, family);
  }

  #refuse(entry: string): never {
    throw new InvalidInput(`${this.setting} has an entry that can't be read: '${entry}'. Write a host, host:port, address or CIDR range.`);
  }
}
