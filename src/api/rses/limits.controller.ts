import { Body, Controller, Delete, Get, Inject, Param, Put } from '@nestjs/common';
import { type Principal } from '../../accounts/index.js';
import { record } from '../../audit/index.js';
import { Database } from '../../db/index.js';
import { demand, mayChangeRses } from '../../policy/index.js';
import { deleteRseLimit, findRse, rseLimits, setRseLimit } from '../../rses/index.js';
import { Caller, JSON_TYPE, Produces } from '../wire/index.js';
import { parseLimitName, parseRseLimit } from './settings.request.js';

/** Limits of a storage element, such as MinFreeSpace. */
@Controller('rses/:rse/limits')
export class RseLimitsController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get()
  @Produces(JSON_TYPE)
  async list(@Param('rse') name: string) {
    return await this.db.read(async (tx) => {
      const rse = await findRse(tx, name);
      return (await rseLimits(tx, [rse.id])).get(rse.id) ?? {};
    });
  }

  @Put()
  async set(
    @Param('rse') name: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<void> {
    demand(mayChangeRses(caller), `set limits of RSE ${name}`);
    const limit = parseRseLimit(body);
    await this.db.tx(async (tx) => {
      const rse = await findRse(tx, name);
      await setRseLimit(tx, rse.id, limit);
      await record(tx, {
        by: caller,
        action: 'rse.limit.set',
        subject: name,
        change: { [limit.name]: limit.value },
      });
    });
  }

  @Delete()
  async delete(
    @Param('rse') name: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<void> {
    demand(mayChangeRses(caller), `delete limits of RSE ${name}`);
    const limit = parseLimitName(body);
    await this.db.tx(async (tx) => {
      const rse = await findRse(tx, name);
      await deleteRseLimit(tx, rse.id, limit);
      await record(tx, {
        by: caller,
        action: 'rse.limit.delete',
        subject: name,
        change: { name: limit },
      });
    });
  }
}
