import { Module } from '@nestjs/common';
import { RulePlansController } from './plan.controller.js';
import { RuleReportsController } from './reports.controller.js';
import { RestoreController } from './restore.controller.js';
import { RulesController } from './rules.controller.js';

@Module({
  controllers: [RulesController, RestoreController, RulePlansController, RuleReportsController],
})
export class RulesModule {}
