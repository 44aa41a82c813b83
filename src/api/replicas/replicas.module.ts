import { Module } from '@nestjs/common';
import { BadReplicasController } from './bad.controller.js';
import { BadPfnsController } from './bad-pfns.controller.js';
import { BadStatesController } from './bad-states.controller.js';
import { DatasetReplicasController } from './datasets.controller.js';
import { ListingController } from './listing.controller.js';
import { RemovalsController } from './removals.controller.js';
import { ReplicasController } from './replicas.controller.js';

/** The listing's `:scope/:name` comes last: it would take in what the others name literally. */
@Module({
  controllers: [
    ReplicasController,
    RemovalsController,
    BadReplicasController,
    BadPfnsController,
    BadStatesController,
    DatasetReplicasController,
    ListingController,
  ],
})
export class ReplicasModule {}
