import { Controller, Get } from '@nestjs/common';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { JSON_TYPE, Produces, Public } from '../wire/index.js';

/** The version that package.json names, looked for upwards: from src and from dist/src. */
function ownVersion(directory: string): string {
  try {
    const text = readFileSync(join(directory, 'package.json'), 'utf8');
    return (JSON.parse(text) as { version: string }).version;
  } catch (error) {
    if (directory === dirname(directory)) throw error;
    return ownVersion(dirname(directory));
  }
}

const version = ownVersion(dirname(fileURLToPath(import.meta.url)));

/** Says that somebody is at home. */
@Public()
@Controller('ping')
export class PingController {
  @Get()
  @Produces(JSON_TYPE)
  ping(): { version: string } {
    return { version };
  }
}
