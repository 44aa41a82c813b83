import { Module } from '@nestjs/common';
import { HeartbeatsController } from './heartbeats.controller.js';

@Module({ controllers: [HeartbeatsController] })
export class HeartbeatsModule {}
