import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { logIn, type Passwords, passwordsOf, sessionOf } from '../../accounts/index.js';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config/index.js';
import { Database } from '../../db/index.js';
import { CannotAuthenticate } from '../../errors/index.js';
import { IdentityTypeCodec } from '../../vocabulary/index.js';
import { headerText, JSON_TYPE, Produces, Public, tokenOf, wireDate } from '../wire/index.js';
import { parseCredentials, takesSeveral } from './auth.request.js';

const PLAIN_TYPE = 'application/octet-stream';

/** Logging in: a secret against a token. */
@Public()
@Controller('auth')
export class AuthController {
  private readonly passwords: Passwords;

  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.passwords = passwordsOf(config.accounts);
  }

  /** A user name and a password give a token in a header; or 206 with the accounts to choose from. */
  @Get('userpass')
  @Produces(PLAIN_TYPE)
  async userpass(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string | readonly string[]> {
    const credentials = parseCredentials(request);
    const lifetimeMs = this.config.tokens.lifetimeSeconds * 1000;
    const expiresAt = new Date(this.clock.now().getTime() + lifetimeMs);
    const login = await logIn(this.db, this.passwords, credentials, expiresAt);
    if (login.token === undefined) {
      const choice = severalAccounts(login.accounts);
      if (!takesSeveral(request)) throw choice;
      reply.code(206).headers({
        'Cache-Control': 'no-store',
        'content-type': JSON_TYPE,
        'X-Rucio-Auth-Accounts': login.accounts.join(','),
        // The official client can make nothing of 206, but it shows what an error says.
        ExceptionClass: choice.name,
        ExceptionMessage: headerText(choice.message),
      });
      return login.accounts;
    }
    reply.headers({
      'Cache-Control': 'no-store',
      'X-Rucio-Auth-Token': login.token,
      'X-Rucio-Auth-Account': login.account,
      'X-Rucio-Auth-Token-Expires': wireDate(login.expiresAt),
    });
    return '';
  }

  /** Whether a token is good, and for what. */
  @Get('validate')
  @Produces(PLAIN_TYPE)
  async validate(@Req() request: FastifyRequest): Promise<string> {
    const token = tokenOf(request);
    const session = await this.db.read((tx) => sessionOf(tx, token, this.clock.now()));
    const type = session.identityType && IdentityTypeCodec.name(session.identityType);
    return `account ${session.account}, identity ${session.identity} (${type}), valid until ${wireDate(session.expiresAt)}`;
  }
}

const severalAccounts = (accounts: readonly string[]): CannotAuthenticate =>
  new CannotAuthenticate(
    `Several accounts for this user name: say which by account (X-Rucio-Account): ${accounts.join(', ')}`,
    { accounts },
  );
