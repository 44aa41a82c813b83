import { Module } from '@nestjs/common';
import { RuleReportsController } from './reports.controller.js';
import { RulesController } from './rules.controller.js';

@Module({ controllers: [RulesController, RuleReportsController] })
export class RulesModule {}
