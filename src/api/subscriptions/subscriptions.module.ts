import { Module } from '@nestjs/common';
import { BackfillController } from './backfill.controller.js';
import { OrderedRulesController } from './ordered-rules.controller.js';
import { SubscriptionsController } from './subscriptions.controller.js';
import { TasksController } from './tasks.controller.js';

@Module({
  controllers: [
    SubscriptionsController,
    OrderedRulesController,
    BackfillController,
    TasksController,
  ],
})
export class SubscriptionsModule {}
