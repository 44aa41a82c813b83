import { Module } from '@nestjs/common';
import { LifetimeExceptionsController } from './lifetime-exceptions.controller.js';

@Module({ controllers: [LifetimeExceptionsController] })
export class LifetimeExceptionsModule {}
