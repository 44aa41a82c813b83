import { readFile } from 'node:fs/promises';
import { createTransport, type NodemailerError, type SMTPTransportOptions } from 'nodemailer';
import { type Letter, letterOf } from './letter.js';
import { ANSWER_MAX, type Delivery, type Event, type Sink, SinkError, TIMEOUT_MS } from './sink.js';

/** Who carries letters, and how. */
export interface SmtpSinkSettings {
  readonly name: string;
  readonly smtp: {
    readonly host: string;
    /** Default: 465 where TLS is implicit, else 587. */
    readonly port?: number | undefined;
    /** `starttls` (the default) insists on it; `none` sends letters in the clear, and no password. */
    readonly tls?: 'starttls' | 'implicit' | 'none' | undefined;
    /** The sender: a plain address. */
    readonly from: string;
    readonly user?: string | undefined;
    /** A file that holds the password: read for each letter, so that it may be renewed. */
    readonly passwordFile?: string | undefined;
    /** The authority of the server's certificate (PEM), where the system does not know it. */
    readonly caFile?: string | undefined;
  };
  readonly timeoutMs?: number | undefined;
}

/**
 * An address that is put off so often gets this letter no more. With the pauses between deliveries
 * that is twenty minutes: longer than servers put off whom they do not know.
 */
const PUT_OFF_MAX = 8;

/** What a server says whose limit is below the size that was announced with the sender. */
const TOO_LARGE = 552;

/** The addresses of a letter that were put off while others took it, and how often by now. */
interface PutOff {
  readonly id: string;
  readonly to: readonly string[];
  readonly times: number;
}

/**
 * Sends each event of type `email` as one letter. The letter of an event is the same whenever it is
 * sent, its Message-ID and its date too: who gets it twice can see it.
 */
export function smtpSink(settings: SmtpSinkSettings): Sink {
  const { name, smtp } = settings;
  if ((smtp.user === undefined) !== (smtp.passwordFile === undefined)) {
    throw new RangeError(`messages.sinks: '${name}' needs both user and passwordFile, or neither`);
  }
  if (smtp.user !== undefined && smtp.tls === 'none') {
    throw new RangeError(
      `messages.sinks: '${name}' would send its password in the clear: set tls to starttls or implicit`,
    );
  }
  let putOff: PutOff | undefined;
  return {
    name,
    events: ['email'],
    // What is told is noted after each letter: a crash costs one that comes twice, and no more.
    batch: 1,
    async deliver([event], delivery) {
      if (!event) return [];
      const letter = letterOf(event.payload);
      if (typeof letter === 'string') throw new SinkError(`${name}: ${letter}`, true);
      const before = putOff?.id === event.id ? putOff : undefined;
      const to = before?.to ?? letter.to;
      const { refused, later } = await send(settings, { ...letter, to }, event, delivery);
      const times = (before?.times ?? 0) + 1;
      if (later.length > 0 && times < PUT_OFF_MAX) {
        putOff = { id: event.id, to: later.map(({ address }) => address), times };
        throw new SinkError(`${name}: ${later.map(({ said }) => said).join('; ')}`, false);
      }
      putOff = undefined;
      const wrong = letter.wrong.map((text) => `${JSON.stringify(text)} is no address`);
      return [...wrong, ...[...refused, ...later].map(({ said }) => said)];
    },
  };
}

/** What a server said of an address. */
interface Answer {
  readonly address: string;
  readonly said: string;
}

interface Sent {
  /** For good (5xx). */
  readonly refused: readonly Answer[];
  /** For now (4xx). */
  readonly later: readonly Answer[];
}

/** One letter over a connection of its own. Throws SinkError where nobody was asked, or all is in vain. */
async function send(
  settings: SmtpSinkSettings,
  letter: Letter,
  event: Event,
  { source, signal }: Delivery,
): Promise<Sent> {
  const { from } = settings.smtp;
  try {
    const sent = await createTransport(await optionsOf(settings)).sendMail({
      from: { name: '', address: from },
      to: letter.to.map((address) => ({ name: '', address })),
      envelope: { from, to: [...letter.to] },
      subject: letter.subject,
      text: letter.body,
      messageId: `<${event.id}.${event.createdAt.getTime()}@${new URL(source).hostname}>`,
      date: event.createdAt,
      headers: { 'Auto-Submitted': 'auto-generated' },
      xMailer: false,
      signal,
    });
    return sorted(sent.rejectedErrors ?? []);
  } catch (error) {
    const failure = error as NodemailerError;
    // Every address was refused or put off: each has an answer of its own.
    const { command, rejectedErrors } = failure;
    if (command === 'RCPT TO' && rejectedErrors?.length) return sorted(rejectedErrors);
    throw new SinkError(`${settings.name}: ${reasonOf(failure)}`, isRefusal(failure));
  }
}

async function optionsOf({ smtp, timeoutMs = TIMEOUT_MS }: SmtpSinkSettings) {
  const { host, tls = 'starttls', user, passwordFile, caFile } = smtp;
  const secret = passwordFile && (await readFile(passwordFile, 'utf8')).replace(/\r?\n$/, '');
  return {
    host,
    port: smtp.port ?? (tls === 'implicit' ? 465 : 587),
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    // A relay may stand on this machine only.
    allowInternalNetworkInterfaces: true,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(caFile !== undefined && { tls: { ca: await readFile(caFile, 'utf8') } }),
    ...(user !== undefined && { auth: { user, pass: secret } }),
  } satisfies SMTPTransportOptions;
}

function sorted(errors: readonly NodemailerError[]): Sent {
  const answers = errors.map(({ recipient = '', response = '', permanent = false }) => ({
    address: recipient,
    said: `${recipient}: ${shortened(response)}`,
    isForGood: permanent,
  }));
  return {
    refused: answers.filter(({ isForGood }) => isForGood),
    later: answers.filter(({ isForGood }) => !isForGood),
  };
}

/** The letter itself is refused for good. What is wrong with the sender or the login may be mended. */
const isRefusal = ({ command, permanent = false, responseCode }: NodemailerError): boolean =>
  permanent && (command === 'DATA' || (command === 'MAIL FROM' && responseCode === TOO_LARGE));

/** Nothing that was said about a login: an answer may repeat the password. */
function reasonOf({ code, command, message, response, responseCode }: NodemailerError): string {
  if (code === 'EAUTH') return `the login was refused (${responseCode ?? 'no answer'})`;
  return response === undefined ? message : `${command ?? code}: ${shortened(response)}`;
}

/** An answer on one line. */
const shortened = (response: string): string =>
  response.replace(/[\p{Cc}\s]+/gu, ' ').slice(0, ANSWER_MAX);
