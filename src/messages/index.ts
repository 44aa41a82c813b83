/** The outbox: events, written in the transaction of the change they tell. */

export { EventType } from './event-type.js';
export { tell, tellFrom } from './message.sql.js';
export { MessageEntity } from './message.entity.js';
