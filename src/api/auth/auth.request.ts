import { type FastifyRequest } from 'fastify';
import { type Credentials } from '../../accounts/index.js';
import { CannotAuthenticate } from '../../errors/index.js';

const text = (request: FastifyRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** Who the headers claim to be. Throws CannotAuthenticate where name or password is missing. */
export function parseCredentials(request: FastifyRequest): Credentials {
  const username = text(request, 'x-rucio-username');
  const password = text(request, 'x-rucio-password');
  if (username === undefined || password === undefined) {
    throw new CannotAuthenticate(
      'Cannot authenticate without X-Rucio-Username and X-Rucio-Password',
    );
  }
  return { username, password, account: text(request, 'x-rucio-account') };
}

/** Whether the client can choose among accounts: not, where it says anything but `true`. */
export function takesSeveral(request: FastifyRequest): boolean {
  const said = text(request, 'x-rucio-allow-return-multiple-accounts');
  return said === undefined || said.toLowerCase() === 'true';
}
