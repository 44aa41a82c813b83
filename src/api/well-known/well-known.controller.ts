import { Controller, Get, Inject } from '@nestjs/common';
import { currentSigningKey, publishedKeys } from '../../accounts/index.js';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config/index.js';
import { Database } from '../../db/index.js';
import { storageTokenSettings } from '../../storage-tokens.js';
import { JSON_TYPE, Produces, Public } from '../wire/index.js';

/** Where storages learn whose tokens to believe. */
@Public()
@Controller()
export class WellKnownController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  @Get('.well-known/openid-configuration')
  @Produces(JSON_TYPE)
  discovery() {
    const issuer = this.config.server.publicUrl;
    return {
      issuer,
      jwks_uri: `${issuer}/jwks`,
      id_token_signing_alg_values_supported: ['ES256'],
      response_types_supported: [],
      subject_types_supported: ['public'],
    };
  }

  /** Makes the first key where there is none yet, so that a storage never reads an empty list. */
  @Get('jwks')
  @Produces(JSON_TYPE)
  async keys() {
    const settings = storageTokenSettings(this.config);
    const now = this.clock.now();
    await currentSigningKey(this.db, settings, now);
    return { keys: await this.db.read((tx) => publishedKeys(tx, settings, now)) };
  }
}
