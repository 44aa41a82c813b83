import { Type } from 'typebox';
import { milliseconds, section, text } from './units.js';

/** The place of a sink in the outbox is kept under this name. */
const sinkName = Type.String({ pattern: '^[A-Za-z0-9_.-]{1,64}$' });

/** Events over HTTP: all of them, or those of some types. */
const httpSink = section({
  name: sinkName,
  url: Type.String({ pattern: '^https?://[^\\s]+$' }),
  /** `rucio`: a list of event_type, payload, created_at and id; `cloudevents`: CloudEvents 1.0 in batches. */
  format: Type.Optional(Type.Enum(['rucio', 'cloudevents'])),
  /** Default: all that are told. */
  events: Type.Optional(Type.Array(text, { minItems: 1 })),
  /** A file that holds a bearer token; read for every delivery. */
  tokenFile: Type.Optional(text),
  /** Events a request. */
  batch: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
  timeoutMs: Type.Optional(milliseconds),
});

/** Letters over SMTP: the events of type `email`. */
const smtpSink = section({
  name: sinkName,
  smtp: section({
    host: text,
    /** Default: 465 where TLS is implicit, else 587. */
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
    /** Default: starttls, and no letter without it. */
    tls: Type.Optional(Type.Enum(['starttls', 'implicit', 'none'])),
    /** The sender: a plain address. */
    from: Type.String({ pattern: '^[^\\s@<>"(),;:]+@[^\\s@<>"(),;:]+$' }),
    user: Type.Optional(text),
    /** A file that holds the user's password; read for every letter. */
    passwordFile: Type.Optional(text),
    /** The authority of the server's certificate (PEM), where the system does not know it. */
    caFile: Type.Optional(text),
  }),
  timeoutMs: Type.Optional(milliseconds),
});

/** Where events go: each is told its own in their order. */
export const sinks = Type.Array(Type.Union([httpSink, smtpSink]), {
  expected:
    'a list of sinks, each with a name and either an http(s) url (and as it likes format (rucio, cloudevents), events, tokenFile, batch, timeoutMs) or smtp with host and from (and as it likes port, tls (starttls, implicit, none), user, passwordFile, caFile, timeoutMs)',
});
