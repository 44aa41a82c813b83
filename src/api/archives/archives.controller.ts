import { Controller, Get, Inject, Param, type StreamableFile } from '@nestjs/common';
import { Database } from '../../db/index.js';
import { resolveDids } from '../../dids/index.js';
import { type DidName } from '../../vocabulary/index.js';
import { presentConstituent } from '../dids/dids.presenter.js';
import { constituentsOf } from '../dids/listings.js';
import { mapRows } from '../dids/map-rows.js';
import { NDJSON, Produces, streamRows } from '../wire/index.js';

/** Files that hold files. */
@Controller('archives')
export class ArchivesController {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** None for what is no archive, as in Rucio. */
  @Get(':scope/:name/files')
  @Produces(NDJSON)
  async list(@Param() name: DidName): Promise<StreamableFile> {
    const [archive] = await this.db.read((tx) => resolveDids(tx, [name]));
    if (!archive) return await streamRows([]);
    return await streamRows(mapRows(constituentsOf(this.db, archive), presentConstituent));
  }
}
