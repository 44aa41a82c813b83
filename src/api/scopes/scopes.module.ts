import { Module } from '@nestjs/common';
import { OneScopeController } from './one-scope.controller.js';
import { ScopesController } from './scopes.controller.js';

@Module({ controllers: [ScopesController, OneScopeController] })
export class ScopesModule {}
