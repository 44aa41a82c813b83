import { Controller, Get, Inject, Param, type StreamableFile } from '@nestjs/common';
import {
  type Account,
  accountUsage,
  findAccount,
  globalQuotaOf,
  globalQuotas,
  listAccountUsageHistory,
  localLimits,
  type Principal,
} from '../../accounts/index.js';
import { Database, type Tx } from '../../db/index.js';
import { demand, mayReadUsage } from '../../policy/index.js';
import { findRse, rsesById } from '../../rses/index.js';
import { Caller, isoDate, JSON_TYPE, NDJSON, Produces, streamRows } from '../wire/index.js';
import { presentGlobalUsage, presentLocalUsage } from './limits.presenter.js';

const HISTORY_ROWS = 10_000;

/** What an account is charged for. */
@Controller('accounts/:account/usage')
export class AccountUsageController {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** RSEs where the account has a limit or a charge, by name. */
  @Get(['local', ''])
  @Produces(NDJSON)
  async listLocal(
    @Param('account') name: string,
    @Caller() caller: Principal,
  ): Promise<StreamableFile> {
    const usage = await this.db.read(async (tx) => {
      const { id } = await this.readable(tx, name, caller);
      const limits = await localLimits(tx, id);
      const used = await accountUsage(tx, id);
      const rses = await rsesById(tx, [...new Set([...limits.keys(), ...used.keys()])]);
      return [...rses.values()].map((rse) =>
        presentLocalUsage(rse, used.get(rse.id), limits.get(rse.id)),
      );
    });
    return await streamRows(usage);
  }

  @Get(['local/:rse', ':rse'])
  @Produces(NDJSON)
  async getLocal(
    @Param('account') name: string,
    @Param('rse') rseName: string,
    @Caller() caller: Principal,
  ): Promise<StreamableFile> {
    const usage = await this.db.read(async (tx) => {
      const { id } = await this.readable(tx, name, caller);
      const rse = await findRse(tx, rseName);
      const limits = await localLimits(tx, id);
      const used = await accountUsage(tx, id);
      return presentLocalUsage(rse, used.get(rse.id), limits.get(rse.id));
    });
    return await streamRows([usage]);
  }

  @Get('global')
  @Produces(NDJSON)
  async listGlobal(
    @Param('account') name: string,
    @Caller() caller: Principal,
  ): Promise<StreamableFile> {
    const quotas = await this.db.read(async (tx) => {
      const { id } = await this.readable(tx, name, caller);
      return await globalQuotas(tx, id);
    });
    return await streamRows(quotas.map(presentGlobalUsage));
  }

  @Get('global/:expression')
  @Produces(NDJSON)
  async getGlobal(
    @Param('account') name: string,
    @Param('expression') expression: string,
    @Caller() caller: Principal,
  ): Promise<StreamableFile> {
    const quota = await this.db.read(async (tx) => {
      const { id } = await this.readable(tx, name, caller);
      return await globalQuotaOf(tx, id, expression);
    });
    return await streamRows([presentGlobalUsage(quota)]);
  }

  @Get('history/:rse')
  @Produces(JSON_TYPE)
  async history(
    @Param('account') name: string,
    @Param('rse') rseName: string,
    @Caller() caller: Principal,
  ) {
    const past = await this.db.read(async (tx) => {
      const { id } = await this.readable(tx, name, caller);
      const rse = await findRse(tx, rseName);
      return await listAccountUsageHistory(tx, id, rse.id, HISTORY_ROWS);
    });
    return past.map(({ bytes, files, updatedAt }) => ({
      bytes,
      files,
      updated_at: isoDate(updatedAt),
    }));
  }

  private async readable(tx: Tx, name: string, caller: Principal): Promise<Account> {
    const account = await findAccount(tx, name);
    demand(mayReadUsage(caller, account.id), `see the usage of account ${name}`);
    return account;
  }
}
