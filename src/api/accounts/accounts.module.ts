import { Module } from '@nestjs/common';
import { AccountsController } from './accounts.controller.js';
import { AccountAttributesController } from './attributes.controller.js';
import { AccountIdentitiesController } from './identities.controller.js';
import { AccountLimitsController } from './limits.controller.js';
import { AccountUsageController } from './usage.controller.js';

@Module({
  controllers: [
    AccountsController,
    AccountAttributesController,
    AccountIdentitiesController,
    AccountLimitsController,
    AccountUsageController,
  ],
})
export class AccountsModule {}
