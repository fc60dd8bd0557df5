import { lookup, Resolver as DnsResolver } from 'node:dns/promises';

/** All addresses of a host name; rejects or answers none where there are none. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

const TIMEOUT_MS = 2_500;
const TRIES = 2;

/**
 * The default resolver. It asks the DNS itself: the system's look-up runs on a small pool of threads that the whole
 * process shares, and a customer's slow name server would hold it. In development (`allowPrivate`) the system's is
 * used, for the names in /etc/hosts.
 */
export function createResolver(settings: {
  readonly allowPrivate: boolean;
  /** Name servers instead of the system's, `address:port`. */
  readonly servers?: readonly string[];
}): Resolve {
  if (settings.allowPrivate) {
    return async hostname => {
      const answers = await lookup(hostname, { all: true });
      return answers.map(answer => answer.address);
    };
  }
  const dns = new DnsResolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (settings.servers) dns.setServers(settings.servers);
  return async hostname => {
    const answers = await Promise.allSettled([dns.resolve4(hostname), dns.resolve6(hostname)]);
    const addresses = answers.flatMap(answer => (answer.status === 'fulfilled' ? answer.value : []));
    const failed = answers.find(answer => answer.status === 'rejected');
    if (addresses.length === 0 && failed) throw failed.reason;
    return addresses;
  };
}
