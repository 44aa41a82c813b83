export {
  eraseSettings,
  listSettings,
  type Setting,
  setting,
  writeSettings,
} from './setting.sql.js';
