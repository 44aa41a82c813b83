import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  type StreamableFile,
} from '@nestjs/common';
import { Database } from '../../db/index.js';
import { resolveDids } from '../../dids/index.js';
import { ValueError } from '../../errors/index.js';
import { type DatasetLock, datasetLocksAt, datasetLocksOf } from '../../locks/index.js';
import { findRse, listRses, type Rse } from '../../rses/index.js';
import { type DidName, LockStateCodec, wireId } from '../../vocabulary/index.js';
import { NDJSON, parseText, Produces, streamRows } from '../wire/index.js';
import { mapRows } from '../dids/map-rows.js';
import { parseLockedDids } from './locks.request.js';

/** Dataset locks, derived from the locks on files when they are asked for. */
@Controller('locks')
export class LocksController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get(':rse')
  @Produces(NDJSON)
  async ofRse(
    @Param('rse') name: string,
    @Query('did_type') type: unknown,
  ): Promise<StreamableFile> {
    demandDataset(type);
    const rse = await this.db.read((tx) => findRse(tx, name));
    const locks = datasetLocksAt((work) => this.db.read(work), rse.id);
    return await streamRows(mapRows(locks, (lock) => presentDatasetLock(lock, rse)));
  }

  @Get(':scope/:name')
  @Produces(NDJSON)
  async ofDid(@Param() name: DidName, @Query('did_type') type: unknown): Promise<StreamableFile> {
    demandDataset(type);
    return await streamRows(await this.locksOf([name]));
  }

  @Post('bulk_locks_for_dids')
  @HttpCode(200)
  @Produces(NDJSON)
  async ofDids(@Body() body: unknown): Promise<StreamableFile> {
    const names = parseLockedDids(body);
    return await streamRows(await this.locksOf(names));
  }

  /** Names that name nothing have no locks. */
  private async locksOf(names: readonly DidName[]): Promise<object[]> {
    return await this.db.read(async (tx) => {
      const dids = await resolveDids(tx, names);
      const locks = await datasetLocksOf(
        tx,
        dids.map(({ id }) => id),
      );
      const rses = new Map((await listRses(tx)).map((rse) => [rse.id, rse]));
      return locks.map((lock) => presentDatasetLock(lock, rses.get(lock.rseId)));
    });
  }
}

function demandDataset(type: unknown): void {
  const given = parseText(type, 'did_type') ?? 'dataset';
  if (given.toLowerCase() !== 'dataset') {
    throw new ValueError(`Wrong did_type specified: '${given}'; it takes dataset`);
  }
}

const presentDatasetLock = (lock: DatasetLock, rse: Rse | undefined) => ({
  rse_id: rse === undefined ? null : wireId(rse.uid),
  rse: rse?.name ?? null,
  scope: lock.scope,
  name: lock.name,
  rule_id: wireId(lock.ruleUid),
  account: lock.account,
  state: LockStateCodec.name(lock.state),
  length: lock.length,
  bytes: lock.bytes,
  accessed_at: lock.accessedAt,
});
