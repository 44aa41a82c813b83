import { Controller, Get, HttpCode, Inject, Param, Put, Query, Req } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import {
  accountNamesOf,
  findAccount,
  type Passwords,
  passwordsOf,
  type Principal,
} from '../../accounts/index.js';
import { CONFIG, type Config } from '../../config/index.js';
import { Database } from '../../db/index.js';
import { UnsupportedOperation } from '../../errors/index.js';
import { demand, mayChangeIdentities } from '../../policy/index.js';
import { addRequestedIdentity } from '../accounts/add-identity.js';
import { parseIdentityType } from '../accounts/identities.request.js';
import { Caller, JSON_TYPE, Produces } from '../wire/index.js';
import { parseAskedIdentity, parsePasswordHeaders } from './identities.request.js';

/** Which accounts an identity speaks for. */
@Controller('identities')
export class IdentitiesController {
  readonly passwords: Passwords;

  constructor(
    @Inject(Database) readonly db: Database,
    @Inject(CONFIG) config: Config,
  ) {
    this.passwords = passwordsOf(config.accounts);
  }

  /** What the web interface asks: a distinguished name has slashes, which paths do not like. */
  @Get('accounts')
  @Produces(JSON_TYPE)
  async byQuery(@Query() query: Readonly<Record<string, unknown>>): Promise<string[]> {
    const asked = parseAskedIdentity(query);
    return await this.db.read((tx) => accountNamesOf(tx, asked));
  }

  @Get(':identity/:type/accounts')
  @Produces(JSON_TYPE)
  async byPath(
    @Param('identity') identity: string,
    @Param('type') typeName: string,
  ): Promise<string[]> {
    const type = parseIdentityType(typeName);
    return await this.db.read((tx) => accountNamesOf(tx, { type, identity }));
  }

  /** As `POST /accounts/{account}/identities`, by headers. */
  @Put(':account/userpass')
  @HttpCode(201)
  async addPassword(
    @Param('account') account: string,
    @Req() request: FastifyRequest,
    @Caller() caller: Principal,
  ): Promise<string> {
    await addRequestedIdentity(this, caller, account, parsePasswordHeaders(request));
    return 'Created';
  }

  /** Rucio takes these from the connection, which here proves nobody. */
  @Put([':account/x509', ':account/gss'])
  async addProven(@Param('account') name: string, @Caller() caller: Principal): Promise<never> {
    const account = await this.db.read((tx) => findAccount(tx, name));
    demand(mayChangeIdentities(caller, account), `add identities to account ${name}`);
    throw new UnsupportedOperation(
      `No identity comes with a connection here: name it by POST /accounts/${name}/identities`,
    );
  }
}
