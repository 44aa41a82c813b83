/** The outbox: events, written in the transaction of the change they tell. */

export { tell } from './message.sql.js';
export { MessageEntity } from './message.entity.js';
