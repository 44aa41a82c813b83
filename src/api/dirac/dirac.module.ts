import { Module } from '@nestjs/common';
import { DiracController } from './dirac.controller.js';

@Module({ controllers: [DiracController] })
export class DiracModule {}
