import { Controller, Delete, Get, Inject, Param, Post } from '@nestjs/common';
import { type Principal } from '../../accounts/index.js';
import { record } from '../../audit/index.js';
import { Database } from '../../db/index.js';
import { Duplicate } from '../../errors/index.js';
import { demand, mayChangeRses } from '../../policy/index.js';
import { deleteQosPolicy, findRse, insertQosPolicy, qosPolicies } from '../../rses/index.js';
import { Caller, JSON_TYPE, Produces } from '../wire/index.js';
import { parseQosPolicy } from './settings.request.js';

/** Which qualities of service a storage element can be asked for. */
@Controller('rses/:rse/qos_policy')
export class RseQosController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get()
  @Produces(JSON_TYPE)
  async list(@Param('rse') name: string): Promise<readonly string[]> {
    return await this.db.read(async (tx) => {
      const rse = await findRse(tx, name);
      return (await qosPolicies(tx, [rse.id])).get(rse.id) ?? [];
    });
  }

  @Post(':policy')
  async add(
    @Param('rse') name: string,
    @Param('policy') given: string,
    @Caller() caller: Principal,
  ): Promise<string> {
    demand(mayChangeRses(caller), `add QoS policies to RSE ${name}`);
    const policy = parseQosPolicy(given);
    await this.db.tx(async (tx) => {
      const rse = await findRse(tx, name);
      if (!(await insertQosPolicy(tx, rse.id, policy))) {
        throw new Duplicate(`RSE '${name}' has the QoS policy '${policy}' already`, { policy });
      }
      await record(tx, {
        by: caller,
        action: 'rse.qos.add',
        subject: name,
        change: { policy },
      });
    });
    return 'Created';
  }

  @Delete(':policy')
  async delete(
    @Param('rse') name: string,
    @Param('policy') policy: string,
    @Caller() caller: Principal,
  ): Promise<void> {
    demand(mayChangeRses(caller), `delete QoS policies of RSE ${name}`);
    await this.db.tx(async (tx) => {
      const rse = await findRse(tx, name);
      await deleteQosPolicy(tx, rse.id, policy);
      await record(tx, {
        by: caller,
        action: 'rse.qos.delete',
        subject: name,
        change: { policy },
      });
    });
  }
}
