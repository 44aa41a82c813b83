import { Module } from '@nestjs/common';
import { DidContentController } from './content.controller.js';
import { DidsController } from './dids.controller.js';
import { DidFollowersController } from './followers.controller.js';
import { DidLineageController } from './lineage.controller.js';
import { DidMetadataController } from './metadata.controller.js';
import { DidSamplesController } from './samples.controller.js';

@Module({
  controllers: [
    DidContentController,
    DidFollowersController,
    DidLineageController,
    DidMetadataController,
    DidSamplesController,
    DidsController,
  ],
})
export class DidsModule {}
