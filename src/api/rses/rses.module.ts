import { Module } from '@nestjs/common';
import { RseAttributesController } from './attributes.controller.js';
import { RseDistancesController } from './distances.controller.js';
import { RseLfnsController } from './lfns.controller.js';
import { RseLimitsController } from './limits.controller.js';
import { RseProtocolsController } from './protocols.controller.js';
import { RseQosController } from './qos.controller.js';
import { RsesController } from './rses.controller.js';
import { RseUsageController } from './usage.controller.js';

@Module({
  controllers: [
    RsesController,
    RseAttributesController,
    RseProtocolsController,
    RseLimitsController,
    RseUsageController,
    RseDistancesController,
    RseLfnsController,
    RseQosController,
  ],
})
export class RsesModule {}
