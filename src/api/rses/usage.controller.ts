import {
  Body,
  Controller,
  Get,
  Inject,
  Param,
  Put,
  Query,
  type StreamableFile,
} from '@nestjs/common';
import { accountsById, localLimits, type Principal, usageByAccount } from '../../accounts/index.js';
import { record } from '../../audit/index.js';
import { Database, type Tx } from '../../db/index.js';
import { demand, isAdmin, maySetRseUsage } from '../../policy/index.js';
import {
  findRse,
  listRseUsage,
  listRseUsageHistory,
  type Rse,
  upsertRseUsage,
} from '../../rses/index.js';
import { Caller, NDJSON, parseBool, parseText, Produces, streamRows } from '../wire/index.js';
import { presentLocalUsage } from '../accounts/limits.presenter.js';
import { presentAccountShare, presentPastUsage, presentUsage } from './rses.presenter.js';
import { parseUsage } from './settings.request.js';

const HISTORY_ROWS = 10_000;

type Query = Readonly<Record<string, unknown>>;

/** What a storage element holds, by our own count and by what others say. */
@Controller('rses/:rse')
export class RseUsageController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get('usage')
  @Produces(NDJSON)
  async list(@Param('rse') name: string, @Query() query: Query): Promise<StreamableFile> {
    const source = parseText(query.source, 'source');
    const perAccount = parseBool(query.per_account, 'per_account');
    const usage = await this.db.read(async (tx) => {
      const rse = await findRse(tx, name);
      const found = (await listRseUsage(tx, rse.id, source)).map((row) => presentUsage(rse, row));
      if (!perAccount) return found;
      return await Promise.all(
        found.map(async (row) => ({
          ...row,
          account_usages: await this.shares(tx, rse, row.used),
        })),
      );
    });
    return await streamRows(usage);
  }

  private async shares(tx: Tx, rse: Rse, total: bigint) {
    const charges = await usageByAccount(tx, rse.id);
    const accounts = await accountsById(
      tx,
      charges.map(({ accountId }) => accountId),
    );
    return charges.map(({ accountId, bytes }) =>
      presentAccountShare(accounts.get(accountId)?.name ?? '', bytes, total),
    );
  }

  @Put('usage')
  async set(
    @Param('rse') name: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<void> {
    demand(maySetRseUsage(caller), `set the usage of RSE ${name}`);
    const usage = parseUsage(body);
    await this.db.tx(async (tx) => {
      const rse = await findRse(tx, name);
      await upsertRseUsage(tx, rse.id, usage);
      await record(tx, {
        by: caller,
        action: 'rse.usage.set',
        subject: name,
        change: usage,
      });
    });
  }

  /** Newest first. */
  @Get('usage/history')
  @Produces(NDJSON)
  async history(@Param('rse') name: string, @Query() query: Query): Promise<StreamableFile> {
    const source = parseText(query.source, 'source');
    const past = await this.db.read(async (tx) => {
      const rse = await findRse(tx, name);
      const found = await listRseUsageHistory(tx, rse.id, source, HISTORY_ROWS);
      return found.map((row) => presentPastUsage(rse, row));
    });
    return await streamRows(past);
  }

  /** What each account has and may have here. */
  @Get('accounts/usage')
  @Produces(NDJSON)
  async byAccount(
    @Param('rse') name: string,
    @Caller() caller: Principal,
  ): Promise<StreamableFile> {
    demand(isAdmin(caller), `see the usage of all accounts at RSE ${name}`);
    const usage = await this.db.read(async (tx) => {
      const rse = await findRse(tx, name);
      const charges = await usageByAccount(tx, rse.id);
      const ids = charges.map(({ accountId }) => accountId);
      const accounts = await accountsById(tx, ids);
      const shown: object[] = [];
      for (const { accountId, ...used } of charges) {
        const limit = (await localLimits(tx, accountId)).get(rse.id);
        const account = accounts.get(accountId)?.name;
        shown.push({ account, ...presentLocalUsage(rse, used, limit) });
      }
      return shown;
    });
    return await streamRows(usage);
  }
}
