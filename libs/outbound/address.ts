import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** IPv4 ranges that are not globally reachable (IANA special-purpose registry, RFC 6890 and its successors), and multicast. */
const RESERVED_V4 = subnets('ipv4', [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
]);

/** Of IPv6, only global unicast is public, without the parts of it that are documentation or that tunnel to IPv4 (Teredo, 6to4). */
const GLOBAL_V6 = subnets('ipv6', ['2000::/3']);
const RESERVED_V6 = subnets('ipv6', ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']);

function subnets(family: 'ipv4' | 'ipv6', ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/');
    list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

/**
 * One spelling per address: no zone, IPv4 inside IPv6 (`::ffff:127.0.0.1`) as IPv4, IPv6 as eight groups without leading zeros.
 * @param text anything `isIP` accepts.
 */
export function canonicalAddress(text: string): string {
  if (isIPv4(text)) return text;
  const groups = groupsOf(text);
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  return mapped ? lastAsV4(groups) : groups.map((group) => group.toString(16)).join(':');
}

/** Whether the address is one of the public internet. An address that can't be read is not. */
export function isPublicAddress(text: string): boolean {
  if (!isIPv4(text) && !isIPv6(text)) return false;
  const address = canonicalAddress(text);
  if (isIPv4(address)) return !RESERVED_V4.check(address, 'ipv4');
  const groups = groupsOf(address);
  // NAT64 (RFC 6052) is how a network without IPv4 reaches all of it: what counts is the address inside.
  const nat64 = groups[0] === 0x64 && groups[1] === 0xff9b && groups.slice(2, 6).every((group) => group === 0);
  if (nat64) return isPublicAddress(lastAsV4(groups));
  return GLOBAL_V6.check(address, 'ipv6') && !RESERVED_V6.check(address, 'ipv6');
}

/** The eight 16-bit groups of an IPv6 address that `isIPv6` accepts. */
function groupsOf(text: string): number[] {
  const plain = text
    .replace(/%.*$/, '')
    .replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, a: string, b: string, c: string, d: string) =>
      [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((group) => group.toString(16)).join(':'),
    );
  const [head = '', tail] = plain.split('::');
  const parse = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const left = parse(head);
  if (tail === undefined) return left;
  const right = parse(tail);
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
}

function lastAsV4(groups: readonly number[]): string {
  const [high = 0, low = 0] = groups.slice(6);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
