export { tell } from './message.sql.js';
export { MessageEntity } from './message.entity.js';
