import { readFile } from 'node:fs/promises';

/** An event as it goes out. */
export interface Event {
  /** The same whenever it is told: who is told twice can see it. */
  readonly id: string;
  readonly eventType: string;
  readonly payload: object;
  readonly createdAt: Date;
}

/** Who is told, and how. */
export interface Sink {
  readonly name: string;
  readonly url: string;
  readonly format?: 'rucio' | 'cloudevents' | undefined;
  /** A file that holds a bearer token: read for each delivery, so that it may be renewed. */
  readonly tokenFile?: string | undefined;
  readonly timeoutMs?: number | undefined;
}

/** A delivery that failed: nothing is known of whether the events have come through. */
export class SinkError extends Error {
  override readonly name = 'SinkError';
  constructor(
    message: string,
    /** These events are refused, whenever they come: too large, or not what the sink can read. */
    readonly refused: boolean,
  ) {
    super(message);
  }
}

const TIMEOUT_MS = 30_000;
/** 400 and 422: cannot be read; 413: too large. Others may be different tomorrow. */
const REFUSALS = [400, 413, 422];
const ANSWER_MAX = 200;

/**
 * Sends events in one POST, in their order. Any 2xx takes all of them. Redirects are not followed: the
 * token is for this URL. Throws SinkError.
 */
export async function deliver(
  sink: Sink,
  events: readonly Event[],
  { source, signal }: { readonly source: string; readonly signal: AbortSignal },
): Promise<void> {
  const { body, type } = encoded(sink, events, source);
  let answer: Response;
  try {
    answer = await fetch(sink.url, {
      method: 'POST',
      headers: { 'content-type': type, ...(await authorization(sink)) },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(sink.timeoutMs ?? TIMEOUT_MS)]),
    });
  } catch (error) {
    throw new SinkError(`${sink.name}: ${reasonOf(error)}`, false);
  }
  if (answer.ok) {
    await answer.body?.cancel();
    return;
  }
  const said = (await answer.text().catch(() => '')).slice(0, ANSWER_MAX);
  throw new SinkError(
    `${sink.name}: ${answer.status} ${said}`.trim(),
    REFUSALS.includes(answer.status),
  );
}

function encoded(
  { format = 'rucio' }: Sink,
  events: readonly Event[],
  source: string,
): { readonly body: string; readonly type: string } {
  if (format === 'cloudevents') {
    return {
      type: 'application/cloudevents-batch+json; charset=utf-8',
      body: JSON.stringify(
        events.map(({ id, eventType, payload, createdAt }) => ({
          specversion: '1.0',
          id,
          source,
          type: eventType,
          time: createdAt.toISOString(),
          datacontenttype: 'application/json',
          data: payload,
        })),
      ),
    };
  }
  return {
    type: 'application/json; charset=utf-8',
    body: JSON.stringify(
      events.map(({ id, eventType, payload, createdAt }) => ({
        id,
        event_type: eventType,
        payload,
        created_at: createdAt.toISOString().replace('T', ' ').replace('Z', ''),
      })),
    ),
  };
}

async function authorization({ tokenFile }: Sink): Promise<Record<string, string>> {
  if (tokenFile === undefined) return {};
  const token = (await readFile(tokenFile, 'utf8')).trim();
  return { authorization: `Bearer ${token}` };
}

/** The network's own reason stands in the cause of what fetch throws. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { message?: string } };
  return cause?.message ?? message ?? String(error);
}
