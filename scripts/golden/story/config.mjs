import { del, get, post, put } from './tell.mjs';

export const config = [
  get('an unknown section', '/config/wire-none'),
  post('options', '/config', { wire: { text: 'blue', whole: 42, part: '2.5', yes: 'True' } }),
  put('one option in the path', '/config/wire/colour/green'),
  get('a section', '/config/wire'),
  get('a text', '/config/wire/text'),
  get('a whole number', '/config/wire/whole'),
  get('a number', '/config/wire/part'),
  get('a truth value', '/config/wire/yes'),
  get('an unknown option', '/config/wire/none'),
  post(
    'options are refused to somebody else',
    '/config',
    { wire: { text: 'red' } },
    {
      as: 'wire-alice',
    },
  ),
  del('an option is deleted', '/config/wire/text'),
  del('a section is deleted', '/config/wire'),
  get('a section that is gone', '/config/wire'),
];
