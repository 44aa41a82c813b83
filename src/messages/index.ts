export { tell } from './message.sql.js';
