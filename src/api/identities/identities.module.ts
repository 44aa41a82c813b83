import { Module } from '@nestjs/common';
import { IdentitiesController } from './identities.controller.js';

@Module({ controllers: [IdentitiesController] })
export class IdentitiesModule {}
