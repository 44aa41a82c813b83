import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Put } from '@nestjs/common';
import { type Principal } from '../../accounts/index.js';
import { record, recordAll } from '../../audit/index.js';
import { Database } from '../../db/index.js';
import { ConfigNotFound } from '../../errors/index.js';
import { demand, mayChangeSettings, mayReadSettings } from '../../policy/index.js';
import {
  eraseSettings,
  listSettings,
  type Setting,
  setting,
  shown,
  writeSettings,
} from '../../settings/index.js';
import { Caller, JSON_TYPE, Produces, toJson } from '../wire/index.js';
import { presentSection, presentSetting, presentSettings } from './config.presenter.js';
import { parseSetting, parseSettings } from './config.request.js';

/** The catalogue's own settings. */
@Controller('config')
export class ConfigController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get()
  @Produces(JSON_TYPE)
  async list(@Caller() caller: Principal) {
    demand(mayReadSettings(caller), 'see the settings');
    return presentSettings(await this.db.read((tx) => listSettings(tx)));
  }

  @Get(':section')
  @Produces(JSON_TYPE)
  async section(@Param('section') section: string, @Caller() caller: Principal) {
    demand(mayReadSettings(caller), 'see the settings');
    const settings = await this.db.read((tx) => listSettings(tx, section));
    if (settings.length === 0) throw notFound(section);
    return presentSection(settings);
  }

  /** One value: a text too is JSON, in quotes. */
  @Get(':section/:option')
  @Produces(JSON_TYPE)
  async option(
    @Param('section') section: string,
    @Param('option') option: string,
    @Caller() caller: Principal,
  ): Promise<string> {
    demand(mayReadSettings(caller), 'see the settings');
    const value = await this.db.read((tx) => setting(tx, section, option));
    if (value === undefined) throw notFound(section, option);
    return toJson(presentSetting({ section, option, value }));
  }

  @Post()
  async set(@Body() body: unknown, @Caller() caller: Principal): Promise<string> {
    demand(mayChangeSettings(caller), 'change the settings');
    await this.write(parseSettings(body), caller);
    return 'Created';
  }

  @Put(':section/:option/:value')
  @HttpCode(201)
  async setOne(
    @Param('section') section: string,
    @Param('option') option: string,
    @Param('value') value: string,
    @Caller() caller: Principal,
  ): Promise<string> {
    demand(mayChangeSettings(caller), 'change the settings');
    await this.write([parseSetting(section, option, value)], caller);
    return 'Created';
  }

  @Delete(':section')
  async deleteSection(
    @Param('section') section: string,
    @Caller() caller: Principal,
  ): Promise<void> {
    await this.erase(caller, section);
  }

  @Delete(':section/:option')
  async deleteOption(
    @Param('section') section: string,
    @Param('option') option: string,
    @Caller() caller: Principal,
  ): Promise<void> {
    await this.erase(caller, section, option);
  }

  private async write(settings: readonly Setting[], caller: Principal): Promise<void> {
    await this.db.tx(async (tx) => {
      await writeSettings(tx, settings);
      await recordAll(
        tx,
        settings.map((item) => ({
          by: caller,
          action: 'config.set',
          subject: `${item.section}.${item.option}`,
          change: { value: shown(item) },
        })),
      );
    });
  }

  private async erase(caller: Principal, section: string, option?: string): Promise<void> {
    demand(mayChangeSettings(caller), 'change the settings');
    await this.db.tx(async (tx) => {
      if ((await eraseSettings(tx, section, option)) === 0) throw notFound(section, option);
      const subject = option === undefined ? section : `${section}.${option}`;
      await record(tx, { by: caller, action: 'config.delete', subject });
    });
  }
}

const notFound = (section: string, option?: string): ConfigNotFound =>
  new ConfigNotFound(
    option === undefined
      ? `No configuration found for section '${section}'`
      : `No configuration found for option '${option}' in section '${section}'`,
    { section, option },
  );
