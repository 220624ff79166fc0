import net from 'node:net'

// Two lists, because a single one also compares IPv4 addresses with IPv6 networks.
const NOT_PUBLIC = { 4: new net.BlockList(), 6: new net.BlockList() }
for (const network of [
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
])
  NOT_PUBLIC[4].addSubnet(...subnet(network), 'ipv4')
// In IPv6 only 2000::/3 is public, except networks that embed IPv4 addresses (6to4, Teredo) or are
// for documentation.
for (const network of ['::/3', '4000::/2', '8000::/1', '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'])
  NOT_PUBLIC[6].addSubnet(...subnet(network), 'ipv6')

function subnet(network: string): [string, number] {
  const [address = '', prefix] = network.split('/')
  return [address, Number(prefix)]
}

/**
 * True if an IP address is on the public internet: not private, loopback, link-local, multicast or
 * reserved, nor an encoding of such an address.
 */
export function isPublicAddress(ip: string): boolean {
  const family = net.isIP(ip)
  if (family === 4) return !NOT_PUBLIC[4].check(ip, 'ipv4')
  return family === 6 && !NOT_PUBLIC[6].check(ip, 'ipv6')
}
