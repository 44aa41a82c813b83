import { Module } from '@nestjs/common';
import { OrderedRulesController } from './ordered-rules.controller.js';
import { SubscriptionsController } from './subscriptions.controller.js';

@Module({ controllers: [SubscriptionsController, OrderedRulesController] })
export class SubscriptionsModule {}
