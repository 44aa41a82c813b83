import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Put,
  Req,
  type StreamableFile,
} from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import { findActiveAccount, type Principal } from '../../accounts/index.js';
import { record } from '../../audit/index.js';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config/index.js';
import { Database, type Tx } from '../../db/index.js';
import { demand, mayChangeSubscription } from '../../policy/index.js';
import {
  addSubscription,
  beginBackfill,
  changeSubscription,
  demandRoom,
  findSubscriptionById,
  holdSubscription,
  listSubscriptions,
  makesRules,
  type SubscriptionNames,
} from '../../subscriptions/index.js';
import { type AccountId, wireId } from '../../vocabulary/index.js';
import { Caller, JSON_TYPE, NDJSON, note, Produces, streamRows } from '../wire/index.js';
import { presentSubscription } from './subscriptions.presenter.js';
import {
  demandRules,
  parseNewSubscription,
  parseSubscriptionUpdate,
} from './subscriptions.request.js';

/** Standing orders: add, read, change. None is deleted: one that has ended tells what it was for. */
@Controller('subscriptions')
export class SubscriptionsController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get()
  @Produces(NDJSON)
  async list(): Promise<StreamableFile> {
    return await this.stream({});
  }

  @Get('name/:name')
  @Produces(NDJSON)
  async listOfName(@Param('name') name: string): Promise<StreamableFile> {
    return await this.stream({ name });
  }

  @Get('id/:id')
  @Produces(JSON_TYPE)
  async get(@Param('id') id: string): Promise<object> {
    return presentSubscription(await this.db.read((tx) => findSubscriptionById(tx, id)));
  }

  @Get(':account')
  @Produces(NDJSON)
  async listOfAccount(@Param('account') account: string): Promise<StreamableFile> {
    return await this.stream({ account });
  }

  @Get(':account/:name')
  @Produces(NDJSON)
  async listNamed(@Param() names: SubscriptionNames): Promise<StreamableFile> {
    return await this.stream(names);
  }

  /** The id comes as plain text. */
  @Post(':account/:name')
  async add(
    @Param('account') account: string,
    @Param('name') name: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @Req() request: FastifyRequest,
  ): Promise<string> {
    const order = parseNewSubscription(body);
    const uid = await this.db.tx(async (tx) => {
      const { id: accountId } = await findActiveAccount(tx, account);
      demand(mayChangeSubscription(caller, accountId), `add a subscription of ${account}`);
      await demandRules(tx, caller, accountId, order.replicationRules);
      const now = this.clock.now();
      await this.demandRoom(tx, { id: accountId, name: account });
      const added = await addSubscription(tx, { ...order, name, accountId, now });
      if (order.retroactive) await this.backfill(tx, account, name);
      await record(tx, {
        by: caller,
        action: 'subscription.add',
        subject: `${account}:${name}`,
        change: { ...order },
      });
      return added;
    });
    note(request, { subscription: wireId(uid) });
    return wireId(uid);
  }

  @Put(':account/:name')
  @HttpCode(201)
  async update(
    @Param('account') account: string,
    @Param('name') name: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<string> {
    const change = parseSubscriptionUpdate(body);
    await this.db.tx(async (tx) => {
      const subscription = await holdSubscription(tx, account, name);
      const { accountId } = subscription;
      demand(mayChangeSubscription(caller, accountId), `change subscription ${name} of ${account}`);
      if (change.replicationRules) {
        await demandRules(tx, caller, accountId, change.replicationRules);
      }
      const rests = !makesRules(subscription);
      if (rests && !change.deactivate) await this.demandRoom(tx, { id: accountId, name: account });
      await changeSubscription(tx, subscription, change, this.clock.now());
      if (change.retroactive) await this.backfill(tx, account, name);
      await record(tx, {
        by: caller,
        action: 'subscription.change',
        subject: `${account}:${name}`,
        change: { ...change },
      });
    });
    return 'Created';
  }

  private async demandRoom(
    tx: Tx,
    account: { readonly id: AccountId; readonly name: string },
  ): Promise<void> {
    const { accountMax: max } = this.config.subscriptions;
    await demandRoom(tx, account, { max, now: this.clock.now() });
  }

  /** Shows it what is there, from the beginning, as it is now. */
  private async backfill(tx: Tx, account: string, name: string): Promise<void> {
    const { backfillPerMinute: perMinute } = this.config.subscriptions;
    const subscription = await holdSubscription(tx, account, name);
    const spec = { perMinute, again: false, now: this.clock.now() };
    await beginBackfill(tx, subscription, spec, { instead: true });
  }

  private async stream(names: SubscriptionNames): Promise<StreamableFile> {
    const found = await this.db.read((tx) => listSubscriptions(tx, names));
    return await streamRows(found.map(presentSubscription));
  }
}
