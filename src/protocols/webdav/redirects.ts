import { StorageCause } from '../../vocabulary/index.js';
import { type ProtocolEndpoint } from '../protocol.js';
import { StorageError } from '../storage-error.js';

/** Hosts, besides the one that was asked, that a storage may send us to. */
export interface RedirectRules {
  hosts: readonly string[];
}

/** The rules of a protocol: `extended_attributes.redirect_hosts`, by default none but itself. */
export function redirectRulesOf(endpoint: ProtocolEndpoint): RedirectRules {
  const hosts = endpoint.extendedAttributes['redirect_hosts'];
  const list = Array.isArray(hosts) ? hosts : [];
  return {
    hosts: list.filter((host) => typeof host === 'string').map((host) => host.toLowerCase()),
  };
}

/**
 * Where a redirect leads, or null if the answer is none. Throws REDIRECT_REFUSED, naming the host
 * to add, for another host than the one asked and those of the rules, for a step from https to
 * http, and for a target with a password.
 */
export function redirectTarget(
  answer: { status: number; url: URL; header(name: string): string | undefined },
  asked: { method: string; url: URL },
  rules: RedirectRules,
): URL | null {
  const location = answer.header('location');
  if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return null;
  const refuse = (why: string) =>
    new StorageError(
      StorageCause.REDIRECT_REFUSED,
      `${asked.method} ${asked.url.origin}${asked.url.pathname}: ${why}`,
      { status: answer.status },
    );
  if (!URL.canParse(location, answer.url.href)) throw refuse('redirected to no URL');
  const target = new URL(location, answer.url);
  if (target.protocol !== 'https:' && target.protocol !== answer.url.protocol) {
    throw refuse(`redirected from https to ${target.protocol.slice(0, -1)} at ${target.host}`);
  }
  if (target.username !== '' || target.password !== '') {
    throw refuse(`redirected to ${target.host} with a password in the URL`);
  }
  // 303 means: now GET something else. For any other method that is no answer to what was asked.
  if (answer.status === 303 && asked.method !== 'GET' && asked.method !== 'HEAD') {
    throw refuse(`answered 303 See Other (${target.host})`);
  }
  if (!isAllowed(target, asked.url, rules)) {
    throw refuse(
      `redirected to ${target.host}; add ${target.hostname} to redirect_hosts of the protocol's extended_attributes to allow it`,
    );
  }
  return target;
}

function isAllowed(target: URL, asked: URL, rules: RedirectRules): boolean {
  if (target.hostname === asked.hostname) return true;
  return rules.hosts.some(
    (host) =>
      host === target.hostname ||
      host === target.host ||
      (host.startsWith('*.') && target.hostname.endsWith(host.slice(1))),
  );
}
