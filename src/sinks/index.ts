/** Where events are told outside: requests over HTTP, in Rucio's words or as CloudEvents. */

export { deliver, type Event, type Sink, SinkError } from './http-sink.js';
