import { Body, Controller, Inject, Post } from '@nestjs/common';
import { type Principal } from '../../accounts/index.js';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config/index.js';
import { Database } from '../../db/index.js';
import { StorageRegistry } from '../../protocols/index.js';
import { Caller, Refuses } from '../wire/index.js';
import { addFiles } from './add-files.js';
import { parseFiles } from './dirac.request.js';

/** What DIRAC's file catalogue asks beyond Rucio's usual calls. */
@Controller('dirac')
export class DiracController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(StorageRegistry) private readonly storages: StorageRegistry,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Files that are written already, with their directories. Those that are known are passed over. */
  @Post('addfiles')
  @Refuses({ UnsupportedOperation: 405 })
  async addFiles(@Body() body: unknown, @Caller() caller: Principal): Promise<string> {
    const { db, storages, config } = this;
    const asked = parseFiles(body, config.dids.naming);
    await addFiles({ db, storages }, asked, { caller, config, now: this.clock.now() });
    return 'Created';
  }
}
