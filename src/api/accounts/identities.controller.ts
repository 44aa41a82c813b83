import {
  Body,
  Controller,
  Delete,
  Get,
  Inject,
  Param,
  Post,
  type StreamableFile,
} from '@nestjs/common';
import {
  findAccount,
  listIdentities,
  type Passwords,
  passwordsOf,
  type Principal,
  removeIdentity,
} from '../../accounts/index.js';
import { record } from '../../audit/index.js';
import { CONFIG, type Config } from '../../config/index.js';
import { Database } from '../../db/index.js';
import { demand, mayChangeIdentities } from '../../policy/index.js';
import { Caller, NDJSON, Produces, streamRows } from '../wire/index.js';
import { presentIdentity } from './accounts.presenter.js';
import { addRequestedIdentity } from './add-identity.js';
import { parseNamedIdentity, parseNewIdentity } from './identities.request.js';

/** Who speaks for an account. */
@Controller('accounts/:account/identities')
export class AccountIdentitiesController {
  readonly passwords: Passwords;

  constructor(
    @Inject(Database) readonly db: Database,
    @Inject(CONFIG) config: Config,
  ) {
    this.passwords = passwordsOf(config.accounts);
  }

  @Get()
  @Produces(NDJSON)
  async list(@Param('account') name: string): Promise<StreamableFile> {
    const identities = await this.db.read(async (tx) => {
      const account = await findAccount(tx, name);
      return await listIdentities(tx, account.id);
    });
    return await streamRows(identities.map(presentIdentity));
  }

  @Post()
  async add(
    @Param('account') name: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<string> {
    await addRequestedIdentity(this, caller, name, parseNewIdentity(body));
    return 'Created';
  }

  @Delete()
  async delete(
    @Param('account') name: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<void> {
    const identity = parseNamedIdentity(body);
    await this.db.tx(async (tx) => {
      const account = await findAccount(tx, name);
      demand(mayChangeIdentities(caller, account), `take identities from account ${name}`);
      await removeIdentity(tx, account, identity);
      await record(tx, {
        by: caller,
        action: 'account.identity.delete',
        subject: name,
        change: presentIdentity({ ...identity, email: null }),
      });
    });
  }
}
