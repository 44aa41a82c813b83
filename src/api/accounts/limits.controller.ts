import { Body, Controller, Delete, Get, Inject, Param, Post } from '@nestjs/common';
import {
  deleteGlobalLimit,
  deleteLocalLimit,
  findAccount,
  findActiveAccount,
  globalLimits,
  globalQuotas,
  localLimits,
  type Principal,
  setGlobalLimit,
  setLocalLimit,
} from '../../accounts/index.js';
import { record } from '../../audit/index.js';
import { Database, type Tx } from '../../db/index.js';
import { demand, mayReadLimits, maySetGlobalLimit, maySetLocalLimit } from '../../policy/index.js';
import { findRse, matchRses, resolveRses, rsesById } from '../../rses/index.js';
import { Caller, JSON_TYPE, Produces } from '../wire/index.js';
import { parseLimit } from './accounts.request.js';
import { presentBytes, presentGlobalLimits, presentLocalLimits } from './limits.presenter.js';

/** How much an account may put where. */
@Controller('accounts/:account/limits')
export class AccountLimitsController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get(['local', ''])
  @Produces(JSON_TYPE)
  async listLocal(@Param('account') name: string, @Caller() caller: Principal) {
    return await this.db.read(async (tx) => {
      const account = await findAccount(tx, name);
      demand(mayReadLimits(caller, account.id), `see the limits of account ${name}`);
      const limits = await localLimits(tx, account.id);
      return presentLocalLimits(limits, await rsesById(tx, [...limits.keys()]));
    });
  }

  @Get(['local/:rse', ':rse'])
  @Produces(JSON_TYPE)
  async getLocal(
    @Param('account') name: string,
    @Param('rse') rseName: string,
    @Caller() caller: Principal,
  ) {
    return await this.db.read(async (tx) => {
      const account = await findAccount(tx, name);
      demand(mayReadLimits(caller, account.id), `see the limits of account ${name}`);
      const rse = await findRse(tx, rseName);
      const bytes = (await localLimits(tx, account.id)).get(rse.id);
      return { [rse.name]: bytes === undefined ? null : presentBytes(bytes) };
    });
  }

  @Post('local/:rse')
  async setLocal(
    @Param('account') name: string,
    @Param('rse') rseName: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<string> {
    const bytes = parseLimit(body);
    await this.db.tx(async (tx) => {
      const account = await findActiveAccount(tx, name);
      const rse = await findRse(tx, rseName);
      demand(maySetLocalLimit(caller, rse.attributes), `set limits at RSE ${rseName}`);
      await setLocalLimit(tx, account.id, { rseId: rse.id, bytes });
      await record(tx, {
        by: caller,
        action: 'account.limit.set',
        subject: name,
        change: { rse: rse.name, bytes },
      });
    });
    return 'Created';
  }

  @Delete('local/:rse')
  async deleteLocal(
    @Param('account') name: string,
    @Param('rse') rseName: string,
    @Caller() caller: Principal,
  ): Promise<void> {
    await this.db.tx(async (tx) => {
      const account = await findAccount(tx, name);
      const rse = await findRse(tx, rseName);
      demand(maySetLocalLimit(caller, rse.attributes), `set limits at RSE ${rseName}`);
      await deleteLocalLimit(tx, account.id, rse.id);
      await record(tx, {
        by: caller,
        action: 'account.limit.delete',
        subject: name,
        change: { rse: rse.name },
      });
    });
  }

  @Get('global')
  @Produces(JSON_TYPE)
  async listGlobal(@Param('account') name: string, @Caller() caller: Principal) {
    return await this.db.read(async (tx) => {
      const account = await findAccount(tx, name);
      demand(mayReadLimits(caller, account.id), `see the limits of account ${name}`);
      return presentGlobalLimits(await globalQuotas(tx, account.id));
    });
  }

  @Get('global/:expression')
  @Produces(JSON_TYPE)
  async getGlobal(
    @Param('account') name: string,
    @Param('expression') expression: string,
    @Caller() caller: Principal,
  ) {
    return await this.db.read(async (tx) => {
      const account = await findAccount(tx, name);
      demand(mayReadLimits(caller, account.id), `see the limits of account ${name}`);
      const bytes = (await globalLimits(tx, account.id)).get(expression);
      return { [expression]: bytes === undefined ? null : presentBytes(bytes) };
    });
  }

  @Post('global/:expression')
  async setGlobal(
    @Param('account') name: string,
    @Param('expression') expression: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<string> {
    const bytes = parseLimit(body);
    await this.db.tx(async (tx) => {
      await demandGlobal(tx, caller, expression);
      const account = await findActiveAccount(tx, name);
      await resolveRses(tx, expression);
      await setGlobalLimit(tx, account.id, { expression, bytes });
      await record(tx, {
        by: caller,
        action: 'account.limit.set',
        subject: name,
        change: { rse_expression: expression, bytes },
      });
    });
    return 'Created';
  }

  @Delete('global/:expression')
  async deleteGlobal(
    @Param('account') name: string,
    @Param('expression') expression: string,
    @Caller() caller: Principal,
  ): Promise<void> {
    await this.db.tx(async (tx) => {
      await demandGlobal(tx, caller, expression);
      const account = await findAccount(tx, name);
      await deleteGlobalLimit(tx, account.id, expression);
      await record(tx, {
        by: caller,
        action: 'account.limit.delete',
        subject: name,
        change: { rse_expression: expression },
      });
    });
  }
}

/** Throws AccessDenied; an admin's expression need not be one any more, so that its limit can go. */
async function demandGlobal(tx: Tx, caller: Principal, expression: string): Promise<void> {
  if (maySetGlobalLimit(caller)) return;
  const rses = await matchRses(tx, expression);
  const attributes = rses.map((rse) => rse.attributes);
  demand(maySetGlobalLimit(caller, attributes), `set limits over the RSE expression ${expression}`);
}
