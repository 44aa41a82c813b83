import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  type StreamableFile,
} from '@nestjs/common';
import { Type } from 'typebox';
import { Database } from '../../db/index.js';
import { resolveDids } from '../../dids/index.js';
import { type DatasetReplica, datasetReplicas, datasetReplicasAt } from '../../replicas/index.js';
import { findRse, type Rse, rsesById } from '../../rses/index.js';
import {
  type DidName,
  Limits,
  ReplicaState,
  ReplicaStateCodec,
  wireId,
} from '../../vocabulary/index.js';
import { parseParameters, streamRows } from '../wire/index.js';

const DatasetsBody = Type.Object({
  dids: Type.Array(Type.Object({ scope: Type.String(), name: Type.String() }), {
    minItems: 1,
    maxItems: Limits.bulkItems,
  }),
});

/** What RSEs hold of datasets. */
@Controller('replicas')
export class DatasetReplicasController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get(':scope/:name/datasets')
  async ofOne(@Param('scope') scope: string, @Param('name') name: string): Promise<StreamableFile> {
    return await this.answer([{ scope, name }]);
  }

  /** Virtual placement is not ours: these are the plain rows, which clients accept. */
  @Get(':scope/:name/datasets_vp')
  async virtual(
    @Param('scope') scope: string,
    @Param('name') name: string,
  ): Promise<StreamableFile> {
    return await this.answer([{ scope, name }]);
  }

  @Post('datasets_bulk')
  @HttpCode(200)
  async ofSeveral(@Body() body: unknown): Promise<StreamableFile> {
    return await this.answer(parseParameters(DatasetsBody, body, 'datasets').dids);
  }

  @Get('rse/:rse')
  async atRse(@Param('rse') name: string): Promise<StreamableFile> {
    const rows = await this.db.read(async (tx) => {
      const rse = await findRse(tx, name);
      const found = await datasetReplicasAt(tx, rse.id);
      return found.map((replica) => presentDatasetReplica(replica, rse));
    });
    return await streamRows(rows);
  }

  private async answer(names: readonly DidName[]): Promise<StreamableFile> {
    const rows = await this.db.read(async (tx) => {
      const dids = await resolveDids(tx, names);
      const found = await datasetReplicas(tx, [...new Set(dids.map(({ id }) => id))]);
      const rses = await rsesById(tx, [...new Set(found.map(({ rseId }) => rseId))]);
      return found.flatMap((replica) => {
        const rse = rses.get(replica.rseId);
        return rse ? [presentDatasetReplica(replica, rse)] : [];
      });
    });
    return await streamRows(rows);
  }
}

function presentDatasetReplica(replica: DatasetReplica, rse: Rse) {
  const complete = replica.availableLength === replica.length;
  return {
    scope: replica.scope,
    name: replica.name,
    rse: rse.name,
    rse_id: wireId(rse.uid),
    bytes: replica.bytes,
    length: replica.length,
    available_bytes: replica.availableBytes,
    available_length: replica.availableLength,
    state: ReplicaStateCodec.name(complete ? ReplicaState.AVAILABLE : ReplicaState.UNAVAILABLE),
    created_at: replica.createdAt,
    updated_at: replica.updatedAt,
    accessed_at: replica.accessedAt,
  };
}
