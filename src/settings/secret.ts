/** Words that stand in the names of what nobody is shown again. */
const SECRET = /secret|passw|private_?key|credential|token$|api_?key|access_?key/i;

/** A password within a URL: `amqp://user:word@host`. */
const URL_PASSWORD = /\/\/[^/\s@]*:[^/\s@]+@/;

/** What is shown in place of a secret. */
export const HIDDEN = '***';

/** Whether a setting is a secret: by its section's or option's name, or a password in its value. */
const isSecret = (setting: {
  readonly section: string;
  readonly option: string;
  readonly value: string;
}): boolean =>
  SECRET.test(setting.section) || SECRET.test(setting.option) || URL_PASSWORD.test(setting.value);

/** The value as it may be shown and written down. */
export const shown = (setting: Parameters<typeof isSecret>[0]): string =>
  isSecret(setting) ? HIDDEN : setting.value;
