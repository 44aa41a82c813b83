import {
  Body,
  Controller,
  Delete,
  Get,
  Inject,
  Param,
  Post,
  Put,
  Query,
  Redirect,
  type StreamableFile,
} from '@nestjs/common';
import {
  addAccount,
  changeAccount,
  deleteAccount,
  findAccount,
  listAccounts,
  type Principal,
} from '../../accounts/index.js';
import { record } from '../../audit/index.js';
import { Database } from '../../db/index.js';
import { demand, mayAddAccount, mayChangeAccount, mayDeleteAccount } from '../../policy/index.js';
import { AccountTypeCodec } from '../../vocabulary/index.js';
import { Caller, JSON_TYPE, NDJSON, Produces, streamRows } from '../wire/index.js';
import { presentAccount, presentListedAccount } from './accounts.presenter.js';
import { parseAccountChange, parseAccountFilter, parseNewAccount } from './accounts.request.js';

/** Who may act. */
@Controller('accounts')
export class AccountsController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get()
  @Produces(NDJSON)
  async list(@Query() query: Readonly<Record<string, unknown>>): Promise<StreamableFile> {
    const filter = parseAccountFilter(query);
    const accounts = await this.db.read((tx) => listAccounts(tx, filter));
    return await streamRows(accounts.map(presentListedAccount));
  }

  @Get('whoami')
  @Redirect('', 303)
  whoami(@Caller() caller: Principal): { url: string } {
    return { url: caller.account };
  }

  @Get(':account')
  @Produces(JSON_TYPE)
  async get(@Param('account') name: string) {
    return presentAccount(await this.db.read((tx) => findAccount(tx, name)));
  }

  @Post(':account')
  async add(
    @Param('account') name: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<string> {
    demand(mayAddAccount(caller), `add account ${name}`);
    const account = parseNewAccount(name, body);
    await this.db.tx(async (tx) => {
      await addAccount(tx, account);
      await record(tx, {
        by: caller,
        action: 'account.add',
        subject: name,
        change: { type: AccountTypeCodec.name(account.type), email: account.email },
      });
    });
    return 'Created';
  }

  @Put(':account')
  async update(
    @Param('account') name: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<void> {
    const change = parseAccountChange(body);
    await this.db.tx(async (tx) => {
      const account = await findAccount(tx, name);
      demand(mayChangeAccount(caller, account), `update account ${name}`);
      await changeAccount(tx, account, change);
      await record(tx, {
        by: caller,
        action: 'account.update',
        subject: name,
        change: { ...change },
      });
    });
  }

  @Delete(':account')
  async delete(@Param('account') name: string, @Caller() caller: Principal): Promise<void> {
    await this.db.tx(async (tx) => {
      const account = await findAccount(tx, name);
      demand(mayDeleteAccount(caller, account), `delete account ${name}`);
      await deleteAccount(tx, account);
      await record(tx, {
        by: caller,
        action: 'account.delete',
        subject: name,
      });
    });
  }
}
