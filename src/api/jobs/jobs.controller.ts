import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  Req,
  type StreamableFile,
} from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import { findAccount, type Principal } from '../../accounts/index.js';
import { record } from '../../audit/index.js';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config/index.js';
import { Database } from '../../db/index.js';
import { InvalidObject } from '../../errors/index.js';
import {
  demandRoomForJob,
  findJob,
  type JobFilter,
  type JobVerb,
  listJobs,
  orderJob,
  planOf,
  resultOf,
  steerJob,
} from '../../jobs/index.js';
import { demand, mayApproveJob, mayOrderJob, maySteerJob } from '../../policy/index.js';
import {
  JobItemStateCodec,
  JobKinds,
  JobStateCodec,
  parseWireId,
  wireId,
} from '../../vocabulary/index.js';
import { mapRows } from '../dids/map-rows.js';
import {
  Caller,
  CSV,
  JSON_TYPE,
  NDJSON,
  note,
  parseInteger,
  parseText,
  Produces,
  streamCsv,
  streamRows,
} from '../wire/index.js';
import { parseOrder } from './jobs.request.js';
import { presentJob, presentPlan, presentResult, RESULT_COLUMNS } from './jobs.presenter.js';

const LISTED = 1000;

/** Not of Rucio: bulk work with progress. */
@Controller('jobs')
export class JobsController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Post()
  @Produces(JSON_TYPE)
  async add(
    @Body() body: unknown,
    @Caller() caller: Principal,
    @Req() request: FastifyRequest,
  ): Promise<object> {
    const { itemsMax } = this.config.server;
    const { naming } = this.config.dids;
    const uid = await this.db.tx(async (tx) => {
      const order = await parseOrder(tx, body, { caller, itemsMax, naming });
      demand(mayOrderJob(caller, order), `order a job of kind ${order.kind}`);
      await demandRoomForJob(tx, caller, this.config.jobs);
      const added = await orderJob(tx, order, { now: this.clock.now() });
      const change = { kind: order.kind, job: order.given };
      await record(tx, { by: caller, action: 'job.add', subject: wireId(added.uid), change });
      return added.uid;
    });
    note(request, { job: wireId(uid) });
    return { id: wireId(uid) };
  }

  /** The newest first, at most 1,000. */
  @Get()
  @Produces(NDJSON)
  async list(@Query() query: Record<string, unknown>): Promise<StreamableFile> {
    const jobs = await this.db.read(async (tx) => {
      const account = parseText(query['account'], 'account');
      const owner = account === undefined ? {} : { account: (await findAccount(tx, account)).id };
      return await listJobs(tx, { ...filterOf(query), ...owner });
    });
    const now = this.clock.now();
    return await streamRows(jobs.map((job) => presentJob(job, now)));
  }

  @Get(':id')
  @Produces(JSON_TYPE)
  async get(@Param('id') id: string): Promise<object> {
    return presentJob(await this.db.read((tx) => findJob(tx, id)), this.clock.now());
  }

  /** One line a file, copy, lock or rule, and what became of it. */
  @Get(':id/result')
  @Produces(CSV)
  async result(@Param('id') id: string, @Query('state') state: unknown): Promise<StreamableFile> {
    const job = await this.db.read((tx) => findJob(tx, id));
    const named = parseText(state, 'state');
    const letter = named === undefined ? undefined : letterOf(JobItemStateCodec, named, 'state');
    const lines = resultOf((work) => this.db.read(work), job.id, letter);
    return await streamCsv(RESULT_COLUMNS, mapRows(lines, presentResult));
  }

  /** What a job moves, summed by rule and RSEs, the largest first. */
  @Get(':id/plan')
  @Produces(NDJSON)
  async plan(@Param('id') id: string): Promise<StreamableFile> {
    const lines = await this.db.read(async (tx) => planOf(tx, (await findJob(tx, id)).id));
    return await streamRows(lines.map(presentPlan));
  }

  @Post(':id/approve')
  @HttpCode(200)
  async approve(@Param('id') id: string, @Caller() caller: Principal): Promise<void> {
    demand(mayApproveJob(caller), `approve job ${id}`);
    await this.steer(id, caller, 'approve');
  }

  @Post(':id/resume')
  @HttpCode(200)
  async resume(@Param('id') id: string, @Caller() caller: Principal): Promise<void> {
    await this.steer(id, caller, 'resume');
  }

  /** What is done stays done; locks that are on the move arrive. */
  @Delete(':id')
  async cancel(@Param('id') id: string, @Caller() caller: Principal): Promise<void> {
    await this.steer(id, caller, 'cancel');
  }

  private async steer(id: string, caller: Principal, verb: JobVerb): Promise<void> {
    await this.db.tx(async (tx) => {
      const job = await findJob(tx, id);
      demand(maySteerJob(caller, job.accountId), `${verb} job ${id} of ${job.account}`);
      if (verb === 'resume') await demandRoomForJob(tx, caller, this.config.jobs);
      await steerJob(tx, job, verb, this.clock.now());
      await record(tx, { by: caller, action: `job.${verb}`, subject: wireId(job.uid) });
    });
  }
}

interface Letters<Letter extends string> {
  readonly names: readonly string[];
  parse(text: string): Letter | undefined;
}

function letterOf<Letter extends string>(
  codec: Letters<Letter>,
  text: string,
  field: string,
): Letter {
  const letter = codec.parse(text);
  if (letter !== undefined) return letter;
  throw new InvalidObject(
    `Problem validating ${field}: '${text}' is none of ${codec.names.join(', ')}`,
    { field },
  );
}

/** The query of `GET jobs`, but for the account. Throws InvalidObject. */
function filterOf(query: Readonly<Record<string, unknown>>): JobFilter {
  const state = parseText(query['state'], 'state');
  const kind = parseText(query['kind'], 'kind');
  const schedule = parseText(query['schedule_id'], 'schedule_id');
  const known = JobKinds.find((one) => one === kind);
  if (kind !== undefined && !known) {
    throw new InvalidObject(
      `Problem validating kind: '${kind}' is none of ${JobKinds.join(', ')}`,
      { field: 'kind' },
    );
  }
  const uid = schedule === undefined ? undefined : parseWireId(schedule);
  if (schedule !== undefined && uid === undefined) {
    throw new InvalidObject(`Problem validating schedule_id: '${schedule}' is not 32 hex digits`, {
      field: 'schedule_id',
    });
  }
  return {
    limit: parseInteger(query['limit'], 'limit', { min: 1, max: LISTED }) ?? LISTED,
    ...(state !== undefined && { state: letterOf(JobStateCodec, state, 'state') }),
    ...(known && { kind: known }),
    ...(uid !== undefined && { scheduleUid: uid }),
  };
}
