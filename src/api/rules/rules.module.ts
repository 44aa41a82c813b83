import { Module } from '@nestjs/common';
import { RulePlansController } from './plan.controller.js';
import { RuleReportsController } from './reports.controller.js';
import { RulesController } from './rules.controller.js';

@Module({ controllers: [RulesController, RulePlansController, RuleReportsController] })
export class RulesModule {}
