import { readFile } from 'node:fs/promises';

import { ANSWER_MAX, type Delivery, type Event, type Sink, SinkError, TIMEOUT_MS } from './sink.js';

/** Who is told over HTTP, and how. */
export interface HttpSinkSettings {
  readonly name: string;
  readonly url: string;
  readonly format?: 'rucio' | 'cloudevents' | undefined;
  readonly events?: readonly string[] | undefined;
  /** A file that holds a bearer token: read for each delivery, so that it may be renewed. */
  readonly tokenFile?: string | undefined;
  readonly batch?: number | undefined;
  readonly timeoutMs?: number | undefined;
}

/** Events a request, unless the sink says otherwise. */
const BATCH = 500;
/** 400 and 422: cannot be read; 413: too large. Others may be different tomorrow. */
const REFUSALS = [400, 413, 422];

/**
 * Sends events in one POST. Any 2xx takes all of them. Redirects are not followed: the token is for
 * this URL.
 */
export const httpSink = (settings: HttpSinkSettings): Sink => ({
  name: settings.name,
  events: settings.events,
  batch: settings.batch ?? BATCH,
  async deliver(events, delivery) {
    await post(settings, events, delivery);
    return [];
  },
});

async function post(
  settings: HttpSinkSettings,
  events: readonly Event[],
  { source, signal }: Delivery,
): Promise<void> {
  const { name, url, timeoutMs = TIMEOUT_MS } = settings;
  const { body, type } = encoded(settings, events, source);
  let answer: Response;
  try {
    answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': type, ...(await authorization(settings)) },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
  } catch (error) {
    throw new SinkError(`${name}: ${reasonOf(error)}`, false);
  }
  if (answer.ok) {
    await answer.body?.cancel();
    return;
  }
  const said = (await answer.text().catch(() => '')).slice(0, ANSWER_MAX);
  throw new SinkError(`${name}: ${answer.status} ${said}`.trim(), REFUSALS.includes(answer.status));
}

function encoded(
  { format = 'rucio' }: HttpSinkSettings,
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

async function authorization({ tokenFile }: HttpSinkSettings): Promise<Record<string, string>> {
  if (tokenFile === undefined) return {};
  const token = (await readFile(tokenFile, 'utf8')).trim();
  return { authorization: `Bearer ${token}` };
}

/** The network's own reason stands in the cause of what fetch throws. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { message?: string } };
  return cause?.message ?? message ?? String(error);
}
