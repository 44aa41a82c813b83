import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Put,
  Query,
  type StreamableFile,
} from '@nestjs/common';
import { type Principal } from '../../accounts/index.js';
import { record } from '../../audit/index.js';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config/index.js';
import { Database, type Tx } from '../../db/index.js';
import { demand, mayChangeSubscription } from '../../policy/index.js';
import {
  type Backfill,
  beginBackfill,
  changeBackfill,
  demandOrder,
  findBackfill,
  findSubscription,
  holdSubscription,
  planBackfill,
  type Subscription,
  sumPlan,
} from '../../subscriptions/index.js';
import { Caller, JSON_TYPE, NDJSON, parseBool, Produces, streamRows } from '../wire/index.js';
import { presentBackfill, presentMatch, presentPlan } from './backfill.presenter.js';
import { parseBackfillChange, parseNewBackfill } from './backfill.request.js';

interface Names {
  readonly account: string;
  readonly name: string;
}

/** Not of Rucio: standing orders for DIDs that were there before them. */
@Controller('subscriptions/:account/:name')
export class BackfillController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Begins one; with `dry_run` it tells what would come of one, and nothing is written. */
  @Post('backfill')
  @Produces(JSON_TYPE)
  async begin(
    @Param() { account, name }: Names,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<object> {
    const { dryRun, again, ...given } = parseNewBackfill(body);
    const perMinute = given.perMinute ?? this.config.subscriptions.backfillPerMinute;
    const now = this.clock.now();
    if (dryRun) {
      const order = demandOrder(await this.db.read((tx) => findSubscription(tx, account, name)));
      const plan = await sumPlan(order, planBackfill(this.db, order, { again, now }));
      return presentPlan(order, plan, perMinute);
    }
    const begun = await this.change(account, name, caller, 'begin', async (tx, subscription) =>
      beginBackfill(tx, subscription, { perMinute, again, now }),
    );
    return presentBackfill(account, name, begun);
  }

  @Get('backfill')
  @Produces(JSON_TYPE)
  async get(@Param() { account, name }: Names): Promise<object> {
    const found = await this.db.read(async (tx) =>
      findBackfill(tx, await findSubscription(tx, account, name)),
    );
    return presentBackfill(account, name, found);
  }

  /** Pauses, resumes or cancels it, or changes its rate. */
  @Put('backfill')
  @HttpCode(200)
  @Produces(JSON_TYPE)
  async update(
    @Param() { account, name }: Names,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<object> {
    const wish = parseBackfillChange(body);
    const now = this.clock.now();
    const changed = await this.change(account, name, caller, 'change', (tx, subscription) =>
      changeBackfill(tx, subscription, wish, now),
    );
    return presentBackfill(account, name, changed);
  }

  /** The DIDs that match now, each with what a backfill would do. */
  @Get('matches')
  @Produces(NDJSON)
  async matches(
    @Param() { account, name }: Names,
    @Query('again') again: unknown,
  ): Promise<StreamableFile> {
    const order = demandOrder(await this.db.read((tx) => findSubscription(tx, account, name)));
    const terms = { again: parseBool(again, 'again'), now: this.clock.now() };
    const pages = planBackfill(this.db, order, terms);
    return await streamRows(
      (async function* () {
        for await (const { dids } of pages) yield* dids.map(presentMatch);
      })(),
    );
  }

  private async change(
    account: string,
    name: string,
    caller: Principal,
    verb: 'begin' | 'change',
    work: (tx: Tx, subscription: Subscription) => Promise<Backfill>,
  ): Promise<Backfill> {
    return await this.db.tx(async (tx) => {
      const subscription = await holdSubscription(tx, account, name);
      demand(
        mayChangeSubscription(caller, subscription.accountId),
        `${verb} a backfill of subscription ${name} of ${account}`,
      );
      const backfill = await work(tx, subscription);
      await record(tx, {
        by: caller,
        action: `subscription.backfill.${verb}`,
        subject: `${account}:${name}`,
        change: { state: backfill.state, perMinute: backfill.perMinute, again: backfill.again },
      });
      return backfill;
    });
  }
}
