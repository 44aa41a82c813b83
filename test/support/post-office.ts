import { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { type Credentials } from '../../src/demo/certificates.js';

/** A letter as the server got it. */
export interface Arrived {
  readonly from: string;
  readonly to: readonly string[];
  /** Who logged in, if anybody. */
  readonly user: string | undefined;
  readonly isEncrypted: boolean;
  /** Header names in lower case, their values unfolded, in their order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The body as it came over the wire. */
  readonly body: string;
}

/** What the server answers instead of taking it: a code and words. Nothing: it takes it. */
type Answer = readonly [code: number, words: string] | undefined;

export interface PostOfficeOptions {
  readonly tls?: Credentials;
  /** TLS from the first byte. Otherwise, with `tls`, by STARTTLS. */
  readonly isImplicit?: boolean;
  /** The one login there is. */
  readonly login?: { readonly user: string; readonly password: string };
  readonly port?: number;
}

/** A mail server that answers as it is told. */
export interface PostOffice {
  readonly port: number;
  readonly arrived: readonly Arrived[];
  /** What it answers to an address, to a sender, and to the text of a letter. */
  answers: {
    address: (address: string) => Answer;
    sender: () => Answer;
    text: () => Answer | Promise<Answer>;
  };
  close(): Promise<void>;
}

export async function postOffice(options: PostOfficeOptions = {}): Promise<PostOffice> {
  const { tls, isImplicit = false, login } = options;
  const arrived: Arrived[] = [];
  const answers: PostOffice['answers'] = {
    address: () => undefined,
    sender: () => undefined,
    text: () => undefined,
  };
  const server = new SMTPServer({
    ...(tls && { key: tls.key, cert: tls.certificate }),
    secure: isImplicit,
    authOptional: login === undefined,
    disabledCommands: [...(tls ? [] : ['STARTTLS']), ...(login ? [] : ['AUTH'])],
    onAuth({ username, password }, _session, done) {
      if (username === login?.user && password === login?.password) done(null, { user: username });
      // Some servers repeat what they were told.
      else done(failure([535, `no login ${username} ${password}`]));
    },
    onMailFrom: (_address, _session, done) => done(failure(answers.sender())),
    onRcptTo: ({ address }, _session, done) => done(failure(answers.address(address))),
    onData(stream, { envelope, user, secure }, done) {
      void text(stream).then(async (raw) => {
        const refused = failure(await answers.text());
        if (refused) return done(refused);
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        const to = envelope.rcptTo.map(({ address }) => address);
        const sender: unknown = user;
        const who = typeof sender === 'string' ? sender : undefined;
        arrived.push({ from, to, user: who, isEncrypted: secure, ...partsOf(raw) });
        done();
      });
    },
  });
  // A client that turns away from our certificate is a story of its own.
  server.on('error', () => undefined);
  await new Promise<void>((opened) => server.listen(options.port ?? 0, '127.0.0.1', opened));
  return {
    port: (server.server.address() as AddressInfo).port,
    arrived,
    answers,
    close: () => new Promise((closed) => server.close(closed)),
  };
}

const failure = (answer: Answer): Error | null =>
  answer ? Object.assign(new Error(answer[1]), { responseCode: answer[0] }) : null;

function partsOf(raw: string): Pick<Arrived, 'headers' | 'body'> {
  const end = raw.indexOf('\r\n\r\n');
  const lines = raw
    .slice(0, end)
    .replace(/\r\n[ \t]/g, ' ')
    .split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { headers, body: raw.slice(end + 4) };
}
