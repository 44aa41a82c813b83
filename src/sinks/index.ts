/** Where events are told outside: over HTTP, in Rucio's words or as CloudEvents; letters by SMTP. */

import { httpSink, type HttpSinkSettings } from './http-sink.js';
import { type Sink } from './sink.js';
import { smtpSink, type SmtpSinkSettings } from './smtp-sink.js';

export { type Event, type Sink, SinkError } from './sink.js';

/** The sink of these settings: with `smtp` it carries letters. Throws RangeError. */
export const openSink = (settings: HttpSinkSettings | SmtpSinkSettings): Sink =>
  'smtp' in settings ? smtpSink(settings) : httpSink(settings);
