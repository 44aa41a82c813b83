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
import {
  accountsById,
  localLimitsAt,
  type Principal,
  usageByAccount,
} from '../../accounts/index.js';
import { record } from '../../audit/index.js';
import { Database, type Tx } from '../../db/index.js';
import { demand, mayReadShares, maySetRseUsage } from '../../policy/index.js';
import {
  findRse,
  listRseUsage,
  listRseUsageHistory,
  type Rse,
  upsertRseUsage,
} from '../../rses/index.js';
import { Caller, NDJSON, parseBool, parseText, Produces, streamRows } from '../wire/index.js';
import {
  presentAccountShare,
  presentAccountUsage,
  presentPastUsage,
  presentUsage,
} from './rses.presenter.js';
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
      const charges = await this.charges(tx, rse);
      return found.map((row) => ({
        ...row,
        account_usages: charges.map(({ account, bytes }) =>
          presentAccountShare(account, bytes, row.used),
        ),
      }));
    });
    return await streamRows(usage);
  }

  /** What each account is charged for here, with its name. */
  private async charges(tx: Tx, rse: Rse) {
    const charges = await usageByAccount(tx, rse.id);
    const accounts = await accountsById(
      tx,
      charges.map(({ accountId }) => accountId),
    );
    return charges.map((charge) => ({
      ...charge,
      account: accounts.get(charge.accountId)?.name ?? '',
    }));
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
    demand(mayReadShares(caller), `see the usage of all accounts at RSE ${name}`);
    const usage = await this.db.read(async (tx) => {
      const rse = await findRse(tx, name);
      const charges = await usageByAccount(tx, rse.id);
      const used = new Map(charges.map(({ accountId, ...charge }) => [accountId, charge]));
      const limits = await localLimitsAt(tx, rse.id);
      const accounts = await accountsById(tx, [...new Set([...used.keys(), ...limits.keys()])]);
      return [...accounts.values()].map(({ id, name }) =>
        presentAccountUsage(rse, name, { used: used.get(id), limit: limits.get(id) }),
      );
    });
    return await streamRows(usage);
  }
}
