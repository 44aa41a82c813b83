import { type Setting, shown } from '../../settings/index.js';

/** A value with the type that its text looks like: integer, number, boolean, else text. */
export function presentValue(text: string): bigint | number | boolean | string {
  if (/^[+-]?\d{1,400}$/.test(text)) return BigInt(text.replace('+', ''));
  if (/^[+-]?(\d+\.\d*|\.\d+|\d+)([eE][+-]?\d{1,3})?$/.test(text)) {
    const number = Number(text);
    if (Number.isFinite(number)) return number;
  }
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  return text;
}

/** The value of one setting; a secret is not shown. */
export const presentSetting = (setting: Setting) => presentValue(shown(setting));

/** The options of one section. */
export const presentSection = (settings: readonly Setting[]) =>
  Object.fromEntries(settings.map((setting) => [setting.option, presentSetting(setting)]));

/** All sections. */
export function presentSettings(settings: readonly Setting[]) {
  const sections = new Map<string, Setting[]>();
  for (const item of settings) {
    sections.set(item.section, [...(sections.get(item.section) ?? []), item]);
  }
  return Object.fromEntries(
    [...sections].map(([section, options]) => [section, presentSection(options)]),
  );
}
