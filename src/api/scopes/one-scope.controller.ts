import { Body, Controller, Delete, Get, Inject, Param, Put } from '@nestjs/common';
import { accountsById, type Principal } from '../../accounts/index.js';
import { record } from '../../audit/index.js';
import { Database, type Tx } from '../../db/index.js';
import { demand, mayChangeScope } from '../../policy/index.js';
import { deleteScope, findDatedScope, scopesByName, setScopeStatus } from '../../scopes/index.js';
import { ScopeStatusCodec } from '../../vocabulary/index.js';
import { Caller, JSON_TYPE, Produces } from '../wire/index.js';
import { parseScopeStatus } from './scopes.request.js';

/** One scope: what it is, closing it, deleting it. Rucio has no such calls. */
@Controller('scopes/:scope')
export class OneScopeController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get()
  @Produces(JSON_TYPE)
  async get(@Param('scope') name: string): Promise<object> {
    return await this.db.read(async (tx) => {
      const scope = await findDatedScope(tx, name);
      const accounts = await accountsById(tx, [scope.accountId]);
      return {
        scope: scope.name,
        account: accounts.get(scope.accountId)?.name,
        status: ScopeStatusCodec.name(scope.status),
        closed_at: scope.closedAt,
        created_at: scope.createdAt,
        updated_at: scope.updatedAt,
      };
    });
  }

  /** A closed scope takes no new names; all that is in it goes on. */
  @Put()
  async setStatus(
    @Param('scope') name: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<void> {
    const status = parseScopeStatus(body);
    await this.changing(name, caller, 'change', async (tx) => {
      await setScopeStatus(tx, name, status);
      return { status: ScopeStatusCodec.name(status) };
    });
  }

  /** Only a scope without names: those that were erased do not count. */
  @Delete()
  async delete(@Param('scope') name: string, @Caller() caller: Principal): Promise<void> {
    await this.changing(name, caller, 'delete', async (tx) => {
      await deleteScope(tx, name);
      return {};
    });
  }

  private async changing(
    name: string,
    caller: Principal,
    verb: string,
    work: (tx: Tx) => Promise<Readonly<Record<string, unknown>>>,
  ): Promise<void> {
    await this.db.tx(async (tx) => {
      const scope = (await scopesByName(tx, [name])).get(name);
      demand(mayChangeScope(caller, scope?.accountId), `${verb} scope ${name}`);
      const change = await work(tx);
      await record(tx, { by: caller, action: `scope.${verb}`, subject: name, change });
    });
  }
}
