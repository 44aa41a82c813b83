import {
  Body,
  Controller,
  Delete,
  Get,
  Inject,
  Param,
  Post,
  Query,
  type StreamableFile,
} from '@nestjs/common';
import { type Principal } from '../../accounts/index.js';
import { CONFIG, type Config } from '../../config/index.js';
import { Database } from '../../db/index.js';
import {
  declareLineage,
  type Derivation,
  type Did,
  type Direction,
  withdrawLineage,
} from '../../dids/index.js';
import { limitStatements } from '../../metadata/index.js';
import { type DidName } from '../../vocabulary/index.js';
import { Caller, NDJSON, Produces } from '../wire/index.js';
import { demandScopes } from './did-name.js';
import { presentRelative } from './dids.presenter.js';
import { type DistantRelative, relativesOf } from './lineage-listing.js';
import { parseDerived, parseDerivedMany, parseSteps } from './lineage.request.js';
import { streamAbout } from './stream-about.js';

/** What was made from what. Sluice's own: Rucio has no such calls. */
@Controller('dids')
export class DidLineageController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Post(':scope/:name/derived')
  async derive(
    @Param() child: DidName,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<string> {
    return await this.declare([parseDerived(child, body)], caller);
  }

  @Post('derived')
  async deriveMany(@Body() body: unknown, @Caller() caller: Principal): Promise<string> {
    return await this.declare(parseDerivedMany(body), caller);
  }

  @Delete(':scope/:name/derived')
  async withdraw(
    @Param() child: DidName,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<void> {
    const derivation = parseDerived(child, body);
    await this.db.tx(async (tx) => {
      await demandScopes(tx, caller, [child], 'change the lineage of DIDs');
      await withdrawLineage(tx, derivation);
    });
  }

  @Get(':scope/:name/ancestors')
  @Produces(NDJSON)
  async ancestors(@Param() name: DidName, @Query('depth') depth: unknown): Promise<StreamableFile> {
    return await this.list('ancestors', name, parseSteps(depth));
  }

  @Get(':scope/:name/descendants')
  @Produces(NDJSON)
  async descendants(
    @Param() name: DidName,
    @Query('depth') depth: unknown,
  ): Promise<StreamableFile> {
    return await this.list('descendants', name, parseSteps(depth));
  }

  private async declare(derivations: readonly Derivation[], caller: Principal): Promise<string> {
    const children = derivations.map(({ child }) => child);
    await this.db.tx(async (tx) => {
      await demandScopes(tx, caller, children, 'change the lineage of DIDs');
      await limitStatements(tx, this.config.metadata.queryTimeoutMs);
      await declareLineage(tx, derivations);
    });
    return 'Created';
  }

  private async list(direction: Direction, name: DidName, depth: number): Promise<StreamableFile> {
    const relatives = (did: Did) => relativesOf(this.db, did, direction, depth);
    const present = (it: DistantRelative) => presentRelative(it.relative, it.depth);
    return await streamAbout(this.db, name, relatives, present);
  }
}
