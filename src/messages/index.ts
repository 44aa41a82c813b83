/** The outbox: events, written in the transaction of the change they tell. */

export { EventType } from './event-type.js';
export { anyText, jsonText, type JsonValue, number, plain, plainOrNull } from './json-text.js';
export { hex, hex8, moment, tell, tellEach, tellFrom } from './message.sql.js';
export {
  advanceSink,
  claimSink,
  type ClaimedSink,
  eventsAfter,
  giveSinkBack,
  type Position,
  type ToldEvent,
} from './sink.sql.js';
export { MessageEntity } from './message.entity.js';
export { MessageSinkEntity } from './sink.entity.js';
