import { Controller, Get, Inject } from '@nestjs/common';
import { type Principal } from '../../accounts/index.js';
import { Database } from '../../db/index.js';
import { checkRecords, checks } from '../../doctor/index.js';
import { demand, mayReadDoctor } from '../../policy/index.js';
import { Caller, JSON_TYPE, Produces } from '../wire/index.js';
import { presentCheck } from './doctor.presenter.js';

/** What must be true of the catalogue, and what was found to be otherwise. */
@Controller('doctor')
export class DoctorController {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** Every check with its last whole round and the one under way. */
  @Get()
  @Produces(JSON_TYPE)
  async status(@Caller() caller: Principal): Promise<object[]> {
    demand(mayReadDoctor(caller), 'see what the doctor has found');
    const records = await this.db.read(checkRecords);
    const byName = new Map(records.map((record) => [record.name, record]));
    return checks.map((check) => presentCheck(check, byName.get(check.name)));
  }
}
