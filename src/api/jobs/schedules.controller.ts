import {
  Body,
  Controller,
  Delete,
  Get,
  Inject,
  Param,
  Post,
  Put,
  type StreamableFile,
} from '@nestjs/common';
import { type Principal } from '../../accounts/index.js';
import { record } from '../../audit/index.js';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config/index.js';
import { Database, type Tx } from '../../db/index.js';
import {
  changeSchedule,
  deleteSchedule,
  demandRoomForSchedule,
  findSchedule,
  type JobSchedule,
  listSchedules,
  scheduleJob,
} from '../../jobs/index.js';
import { demand, mayOrderJob, maySteerJob } from '../../policy/index.js';
import { wireId } from '../../vocabulary/index.js';
import { Caller, JSON_TYPE, NDJSON, Produces, streamRows } from '../wire/index.js';
import { parseOrder } from './jobs.request.js';
import { presentSchedule } from './jobs.presenter.js';
import { parseSchedule, parseScheduleUpdate } from './schedule.request.js';

/** Not of Rucio: bulk work by the calendar. */
@Controller('jobs/schedules')
export class JobSchedulesController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Post()
  @Produces(JSON_TYPE)
  async add(@Body() body: unknown, @Caller() caller: Principal): Promise<object> {
    const { job, ...calendar } = parseSchedule(body);
    const { itemsMax } = this.config.server;
    const { naming } = this.config.dids;
    const uid = await this.db.tx(async (tx) => {
      const order = await parseOrder(tx, job, { caller, itemsMax, naming });
      demand(mayOrderJob(caller, order), `order jobs of kind ${order.kind}`);
      await demandRoomForSchedule(tx, caller, this.config.jobs);
      const added = await scheduleJob(tx, order, calendar, this.clock.now());
      const change = { ...calendar, kind: order.kind, job: order.given };
      await record(tx, { by: caller, action: 'job.schedule', subject: wireId(added), change });
      return added;
    });
    return { id: wireId(uid) };
  }

  @Get()
  @Produces(NDJSON)
  async list(): Promise<StreamableFile> {
    return await streamRows((await this.db.read(listSchedules)).map(presentSchedule));
  }

  @Get(':id')
  @Produces(JSON_TYPE)
  async get(@Param('id') id: string): Promise<object> {
    return presentSchedule(await this.db.read((tx) => findSchedule(tx, id)));
  }

  @Put(':id')
  async update(
    @Param('id') id: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<void> {
    const change = parseScheduleUpdate(body);
    await this.changing(id, caller, 'change', change, (tx, schedule) =>
      changeSchedule(tx, schedule, change, this.clock.now()),
    );
  }

  /** The jobs that it made stay. */
  @Delete(':id')
  async delete(@Param('id') id: string, @Caller() caller: Principal): Promise<void> {
    await this.changing(id, caller, 'delete', {}, (tx, { id: key }) => deleteSchedule(tx, key));
  }

  private async changing(
    id: string,
    caller: Principal,
    verb: string,
    change: Readonly<Record<string, unknown>>,
    work: (tx: Tx, schedule: JobSchedule) => Promise<unknown>,
  ): Promise<void> {
    await this.db.tx(async (tx) => {
      const schedule = await findSchedule(tx, id, 'wait');
      demand(
        maySteerJob(caller, schedule.accountId),
        `${verb} schedule ${id} of ${schedule.account}`,
      );
      await work(tx, schedule);
      const subject = wireId(schedule.uid);
      await record(tx, { by: caller, action: `job.schedule.${verb}`, subject, change });
    });
  }
}
