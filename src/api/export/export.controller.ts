import { Controller, Get, Inject, Query } from '@nestjs/common';
import { type Principal } from '../../accounts/index.js';
import { Database, type Tx } from '../../db/index.js';
import { demand, mayExport } from '../../policy/index.js';
import { listRses, protocolsOf, qosPolicies, type Rse, rseLimits } from '../../rses/index.js';
import { Caller, JSON_TYPE, parseBool, Produces, toJson } from '../wire/index.js';
import { distancesAsJson } from './distances.sql.js';
import { presentExportedRse } from './export.presenter.js';

/** All storage elements in one document, which `POST /import` takes. */
@Controller('export')
export class ExportController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get()
  @Produces(JSON_TYPE)
  async export(
    @Query() query: Readonly<Record<string, unknown>>,
    @Caller() caller: Principal,
  ): Promise<string> {
    demand(mayExport(caller), 'export the storage elements');
    const withDistances = parseBool(query.distance, 'distance', true);
    return await this.db.read(async (tx) => {
      const rses = toJson(await exportRses(tx, await listRses(tx)));
      if (!withDistances) return `{"rses":${rses}}`;
      const ways = (await distancesAsJson(tx)).map(({ source, json }) => `"${source}":${json}`);
      return `{"rses":${rses},"distances":{${ways.join(',')}}}`;
    });
  }
}

async function exportRses(tx: Tx, rses: readonly Rse[]): Promise<Record<string, object>> {
  const ids = rses.map(({ id }) => id);
  const protocols = await protocolsOf(tx, ids);
  const limits = await rseLimits(tx, ids);
  const policies = await qosPolicies(tx, ids);
  return Object.fromEntries(
    rses.map((rse) => [
      rse.name,
      presentExportedRse(rse, {
        protocols: protocols.get(rse.id) ?? [],
        limits: limits.get(rse.id) ?? {},
        qosPolicies: policies.get(rse.id) ?? [],
      }),
    ]),
  );
}
