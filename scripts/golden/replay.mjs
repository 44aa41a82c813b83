/**
 * Tells the story to a server: requests in sequence, logins by account, captured values filled in.
 * The recorder and the spec that compares Sluice with the golden files both walk through here.
 */
import { bind, capture, decode, normalise, send } from './exchange.mjs';

/** Accounts that the story makes for itself: the password is the same text for each. */
const PASSWORD = 'wire-secret-1';

export class Replay {
  #base;
  #credentials;
  #tokens = new Map();
  #bindings;
  #known = '';

  /** @param server `{url, username, password}`: a fresh server and its root account's identity. */
  constructor({ url, username, password }) {
    this.#base = url;
    this.#credentials = { root: { username, password } };
    this.#bindings = { rootUser: username, rootPassword: password, password: PASSWORD };
  }

  /** Sends one exchange and answers its comparable form. */
  async play(exchange) {
    const { method, path, headers, body } = bind(
      {
        method: exchange.method,
        path: exchange.path,
        headers: exchange.headers,
        body: exchange.body,
      },
      this.#bindings,
    );
    this.#known += `${path} ${JSON.stringify(body ?? '').toLowerCase()}\n`;
    const token = exchange.as === null ? undefined : await this.#token(exchange.as);
    const raw = await send(this.#base, { method, path, headers, body }, token);
    const answer = normalise(raw, {
      bindings: this.#captured(),
      known: this.#known,
      server: this.#base,
      anyOrder: exchange.anyOrder,
      ints: exchange.ints,
    });
    const decoded = decode(raw);
    for (const [name, pointer] of Object.entries(exchange.capture ?? {})) {
      const value = pointer.startsWith('header:')
        ? raw.headers[pointer.slice('header:'.length)]
        : capture(decoded, pointer);
      if (value === undefined) {
        throw new Error(`${exchange.title}: nothing at ${pointer} of ${raw.status} ${raw.text}`);
      }
      this.#bindings[name] = String(value);
    }
    return answer;
  }

  /** Only what answers gave is written back as `{name}`: credentials never come back. */
  #captured() {
    const {
      rootUser: _user,
      rootPassword: _password,
      password: _secret,
      ...captured
    } = this.#bindings;
    return captured;
  }

  async #token(account) {
    const kept = this.#tokens.get(account);
    if (kept !== undefined) return kept;
    const { username, password } = this.#credentials[account] ?? {
      username: account,
      password: PASSWORD,
    };
    const answer = await send(this.#base, {
      method: 'GET',
      path: '/auth/userpass',
      headers: {
        'X-Rucio-Account': account,
        'X-Rucio-Username': username,
        'X-Rucio-Password': password,
      },
    });
    const token = answer.headers['x-rucio-auth-token'];
    if (token === undefined) throw new Error(`${account} got no token: status ${answer.status}`);
    this.#tokens.set(account, token);
    return token;
  }
}
