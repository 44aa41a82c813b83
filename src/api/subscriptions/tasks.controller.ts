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
import { Clock } from '../../clock.js';
import { Database, type Tx } from '../../db/index.js';
import { demand, mayWorkOnTasks } from '../../policy/index.js';
import {
  changeTask,
  claimTasks,
  findSubscription,
  findTask,
  flushTasks,
  listTaskDids,
  listTasks,
  type Subscription,
} from '../../subscriptions/index.js';
import { mapRows } from '../dids/map-rows.js';
import { Caller, JSON_TYPE, NDJSON, Produces, streamRows } from '../wire/index.js';
import { presentFullTask, presentTask, presentTaskDid } from './tasks.presenter.js';
import { parseClaim, parseNumber, parseTaskChange, parseTaskState } from './tasks.request.js';

interface Names {
  readonly account: string;
  readonly name: string;
}

/** Not of Rucio: DIDs of subscriptions that notify, in numbered tasks, and what became of them. */
@Controller('subscriptions/:account/:name/tasks')
export class TasksController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  @Get()
  @Produces(NDJSON)
  async list(
    @Param() { account, name }: Names,
    @Query('state') state: unknown,
  ): Promise<StreamableFile> {
    const ofState = parseTaskState(state);
    const { id } = await this.db.read((tx) => findSubscription(tx, account, name));
    const tasks = listTasks((work) => this.db.read(work), id, ofState);
    return await streamRows(mapRows(tasks, presentTask));
  }

  @Get(':number')
  @Produces(JSON_TYPE)
  async get(@Param() { account, name, number }: Names & { number: string }): Promise<object> {
    const at = parseNumber(number);
    const task = await this.db.read(async (tx) =>
      findTask(tx, (await findSubscription(tx, account, name)).id, at),
    );
    return presentFullTask(task);
  }

  @Get(':number/dids')
  @Produces(NDJSON)
  async dids(@Param() { account, name, number }: Names & { number: string }) {
    const at = parseNumber(number);
    const { id } = await this.db.read(async (tx) =>
      findTask(tx, (await findSubscription(tx, account, name)).id, at),
    );
    const dids = listTaskDids((work) => this.db.read(work), id);
    return await streamRows(mapRows(dids, presentTaskDid));
  }

  /** NEW tasks for whoever asks, who has them alone from now on. */
  @Post('claim')
  @HttpCode(200)
  @Produces(NDJSON)
  async claim(
    @Param() names: Names,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<StreamableFile> {
    const claim = { ...parseClaim(body), now: this.clock.now() };
    const tasks = await this.work(names, caller, (tx, { id }) => claimTasks(tx, id, claim));
    return await streamRows(tasks.map(presentFullTask));
  }

  /** Groups that are not full yet become tasks. */
  @Post('flush')
  @HttpCode(200)
  @Produces(JSON_TYPE)
  async flush(@Param() names: Names, @Caller() caller: Principal): Promise<object> {
    const now = this.clock.now();
    return { tasks: await this.work(names, caller, (tx, { id }) => flushTasks(tx, id, now)) };
  }

  @Put(':number')
  @Produces(JSON_TYPE)
  async update(
    @Param() { number, ...names }: Names & { number: string },
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<object> {
    const at = parseNumber(number);
    const change = { ...parseTaskChange(body), now: this.clock.now() };
    return presentFullTask(
      await this.work(names, caller, (tx, { id }) => changeTask(tx, id, at, change)),
    );
  }

  private async work<T>(
    { account, name }: Names,
    caller: Principal,
    work: (tx: Tx, subscription: Subscription) => Promise<T>,
  ): Promise<T> {
    return await this.db.tx(async (tx) => {
      const subscription = await findSubscription(tx, account, name);
      demand(
        mayWorkOnTasks(caller, subscription.accountId),
        `work on tasks of subscription ${name} of ${account}`,
      );
      return await work(tx, subscription);
    });
  }
}
