import { Body, Controller, Delete, Get, Inject, Param, Post, Put, Query } from '@nestjs/common';
import { type Principal } from '../../accounts/index.js';
import { record } from '../../audit/index.js';
import { Database, type Tx } from '../../db/index.js';
import { demand, mayChangeRses } from '../../policy/index.js';
import {
  addDistance,
  findDistance,
  findRse,
  removeDistance,
  type Route,
  setDistance,
} from '../../rses/index.js';
import { Caller, JSON_TYPE, parseBool, Produces } from '../wire/index.js';
import { presentDistance } from './rses.presenter.js';
import { parseDistance } from './settings.request.js';

interface Ends {
  readonly source: string;
  readonly destination: string;
}

/** How far storage elements are from each other: sources are ranked by it. */
@Controller('rses/:source/distances/:destination')
export class RseDistancesController {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** A list of one, or of none. */
  @Get()
  @Produces(JSON_TYPE)
  async get(@Param() ends: Ends) {
    return await this.db.read(async (tx) => {
      const { source, destination } = await routeOf(tx, ends, false);
      const way = { sourceId: source.id, destinationId: destination.id };
      const found = await findDistance(tx, way);
      return found ? [presentDistance(source, destination, found)] : [];
    });
  }

  @Post()
  async add(
    @Param() ends: Ends,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<string> {
    demand(mayChangeRses(caller), 'add distances');
    const { distance, bidirectional } = parseDistance(body);
    await this.db.tx(async (tx) => {
      await addDistance(tx, await routeOf(tx, ends, bidirectional), distance);
      await note(tx, caller, ends, 'add', { distance, bidirectional });
    });
    return 'Created';
  }

  @Put()
  async set(
    @Param() ends: Ends,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<void> {
    demand(mayChangeRses(caller), 'change distances');
    const { distance, bidirectional } = parseDistance(body);
    await this.db.tx(async (tx) => {
      await setDistance(tx, await routeOf(tx, ends, bidirectional), distance);
      await note(tx, caller, ends, 'set', { distance, bidirectional });
    });
  }

  @Delete()
  async delete(
    @Param() ends: Ends,
    @Query() query: Readonly<Record<string, unknown>>,
    @Caller() caller: Principal,
  ): Promise<void> {
    demand(mayChangeRses(caller), 'delete distances');
    const bidirectional = parseBool(query.bidirectional, 'bidirectional');
    await this.db.tx(async (tx) => {
      await removeDistance(tx, await routeOf(tx, ends, bidirectional));
      await note(tx, caller, ends, 'delete', { bidirectional });
    });
  }
}

async function routeOf(tx: Tx, ends: Ends, bidirectional: boolean): Promise<Route> {
  const source = await findRse(tx, ends.source);
  const destination = await findRse(tx, ends.destination);
  return { source, destination, bidirectional };
}

async function note(
  tx: Tx,
  caller: Principal,
  { source, destination }: Ends,
  verb: string,
  change: Readonly<Record<string, unknown>>,
): Promise<void> {
  await record(tx, {
    by: caller,
    action: `rse.distance.${verb}`,
    subject: source,
    change: { destination, ...change },
  });
}
