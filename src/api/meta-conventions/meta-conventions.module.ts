import { Module } from '@nestjs/common';
import { MetaConventionsController } from './meta-conventions.controller.js';

@Module({ controllers: [MetaConventionsController] })
export class MetaConventionsModule {}
