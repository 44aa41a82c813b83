import { Module } from '@nestjs/common';
import { JobsController } from './jobs.controller.js';
import { JobSchedulesController } from './schedules.controller.js';

@Module({ controllers: [JobSchedulesController, JobsController] })
export class JobsModule {}
