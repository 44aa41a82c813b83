import { Module } from '@nestjs/common';
import { AuthController } from './auth.controller.js';
import { OtherLoginsController } from './other-logins.controller.js';

@Module({ controllers: [AuthController, OtherLoginsController] })
export class AuthModule {}
