import { Module } from '@nestjs/common';
import { TransferLimitsController } from './limits.controller.js';
import { RequestsController } from './requests.controller.js';

@Module({ controllers: [TransferLimitsController, RequestsController] })
export class RequestsModule {}
