import { Module } from '@nestjs/common';
import { DidContentController } from './content.controller.js';
import { DidsController } from './dids.controller.js';
import { DidMetadataController } from './metadata.controller.js';

@Module({ controllers: [DidContentController, DidMetadataController, DidsController] })
export class DidsModule {}
