import { Type } from 'typebox';
import { InvalidObject } from '../../errors/index.js';
import { HIDDEN, type Setting } from '../../settings/index.js';
import { parseBody, parseName } from '../wire/index.js';

/** Sections and options are plain words: they stand in paths and in files. */
const NAME = /^[A-Za-z0-9_.-]{1,128}$/;

const Options = Type.Record(
  Type.String(),
  Type.Record(
    Type.String(),
    Type.Union([Type.String({ maxLength: 4000 }), Type.Number(), Type.Boolean()]),
  ),
);

/** One option, checked. What stands in place of a secret is not written back for it. */
export function parseSetting(section: string, option: string, value: string): Setting {
  const setting = {
    section: parseName(NAME, section, 'section'),
    option: parseName(NAME, option, 'option'),
    value,
  };
  if (value !== HIDDEN) return setting;
  throw new InvalidObject(
    `Problem validating ${section}.${option}: ${HIDDEN} is shown in place of a secret; send the secret or leave it out`,
    { section, option },
  );
}

/** `{section: {option: value}}` as settings. */
export function parseSettings(body: unknown): Setting[] {
  const sections = parseBody(Options, body, 'config');
  return Object.entries(sections).flatMap(([section, options]) =>
    Object.entries(options).map(([option, value]) => parseSetting(section, option, String(value))),
  );
}
