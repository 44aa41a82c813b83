import { Controller, Get, HttpCode, Inject, Param, Post, Put } from '@nestjs/common';
import {
  accountsById,
  findAccount,
  findActiveAccount,
  type Principal,
} from '../../accounts/index.js';
import { record } from '../../audit/index.js';
import { Database } from '../../db/index.js';
import { ScopeNotFound } from '../../errors/index.js';
import { demand, mayAddScope, mayChangeScope } from '../../policy/index.js';
import { addScope, changeScopeOwner, listScopes, scopesByName } from '../../scopes/index.js';
import { Patterns } from '../../vocabulary/index.js';
import { Caller, JSON_TYPE, parseName, Produces } from '../wire/index.js';

/** The parts of the name space and whose they are. */
@Controller()
export class ScopesController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get('scopes')
  @Produces(JSON_TYPE)
  async list(): Promise<string[]> {
    const scopes = await this.db.read((tx) => listScopes(tx));
    return scopes.map(({ name }) => name);
  }

  @Get('scopes/owner')
  @Produces(JSON_TYPE)
  async owners(): Promise<{ scope: string; account: string | undefined }[]> {
    return await this.db.read(async (tx) => {
      const scopes = await listScopes(tx);
      const ids = [...new Set(scopes.map(({ accountId }) => accountId))];
      const accounts = await accountsById(tx, ids);
      return scopes.map(({ name, accountId }) => ({
        scope: name,
        account: accounts.get(accountId)?.name,
      }));
    });
  }

  /** Its owner may give a scope away, as in Rucio. */
  @Put('scopes/:account/:scope')
  @HttpCode(201)
  async changeOwner(
    @Param('account') account: string,
    @Param('scope') scope: string,
    @Caller() caller: Principal,
  ): Promise<void> {
    await this.db.tx(async (tx) => {
      const found = (await scopesByName(tx, [scope])).get(scope);
      demand(mayChangeScope(caller, found?.accountId), `give scope ${scope} to ${account}`);
      const owner = await findActiveAccount(tx, account);
      await changeScopeOwner(tx, scope, owner.id);
      await record(tx, {
        by: caller,
        action: 'scope.owner',
        subject: scope,
        change: { account },
      });
    });
  }

  /** No scopes is ScopeNotFound: uploads rely on it. */
  @Get(['accounts/:account/scopes', 'scopes/:account/scopes'])
  @Produces(JSON_TYPE)
  async listOfAccount(@Param('account') account: string): Promise<string[]> {
    const scopes = await this.db.read(async (tx) => {
      const owner = await findAccount(tx, account);
      return await listScopes(tx, owner.id);
    });
    if (scopes.length > 0) return scopes.map(({ name }) => name);
    throw new ScopeNotFound(`No scope found for account '${account}'`, { account });
  }

  @Post(['accounts/:account/scopes/:scope', 'scopes/:account/:scope'])
  async add(
    @Param('account') account: string,
    @Param('scope') scope: string,
    @Caller() caller: Principal,
  ): Promise<string> {
    parseName(Patterns.scope, scope, 'scope');
    await this.db.tx(async (tx) => {
      demand(mayAddScope(caller), `add scope ${scope} for account ${account}`);
      const owner = await findActiveAccount(tx, account);
      await addScope(tx, scope, owner.id);
      await record(tx, {
        by: caller,
        action: 'scope.add',
        subject: scope,
        change: { account },
      });
    });
    return 'Created';
  }
}
