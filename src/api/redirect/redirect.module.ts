import { Module } from '@nestjs/common';
import { RedirectController } from './redirect.controller.js';

@Module({ controllers: [RedirectController] })
export class RedirectModule {}
