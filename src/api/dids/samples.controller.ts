import { Body, Controller, Inject, Param, Post } from '@nestjs/common';
import { type Principal } from '../../accounts/index.js';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config/index.js';
import { Database } from '../../db/index.js';
import { attachDids, findDid, sampleFiles } from '../../dids/index.js';
import { resurrectDids } from '../../metadata/index.js';
import { demand, mayResurrectDids } from '../../policy/index.js';
import { DidType } from '../../vocabulary/index.js';
import { Caller } from '../wire/index.js';
import { addRequested } from './add-requested.js';
import { parseResurrection, parseSample, type SamplePath } from './samples.request.js';

/** DIDs made from others, or from what they were. */
@Controller('dids')
export class DidSamplesController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Post('sample')
  async sample(@Body() body: unknown, @Caller() caller: Principal): Promise<string> {
    return await this.draw(body, caller);
  }

  /** As older clients ask. */
  @Post(':input_scope/:input_name/:output_scope/:output_name/:nbfiles/sample')
  async sampleByPath(@Param() path: SamplePath, @Caller() caller: Principal): Promise<string> {
    return await this.draw(path, caller);
  }

  @Post('resurrect')
  async resurrect(@Body() body: unknown, @Caller() caller: Principal): Promise<string> {
    demand(mayResurrectDids(caller), 'resurrect DIDs');
    const names = parseResurrection(body);
    await this.db.tx((tx) => resurrectDids(tx, names, this.clock.now()));
    return 'Created';
  }

  /** A new dataset of files drawn at random from what another DID holds. */
  private async draw(asked: unknown, caller: Principal): Promise<string> {
    const { input, output, count } = parseSample(asked, this.config.dids.naming);
    const terms = { caller, now: this.clock.now(), config: this.config };
    await this.db.tx(async (tx) => {
      const source = await findDid(tx, input);
      const nothing = { monotonic: false, meta: {}, dids: [], rse: null, rules: [] };
      await addRequested(tx, [{ ...output, type: DidType.DATASET, ...nothing }], terms);
      await attachDids(tx, output, await sampleFiles(tx, source.id, count));
    });
    return 'Created';
  }
}
