/** The settings behind `/config`, which administrators change while the service runs. */

export { HIDDEN, shown } from './secret.js';
export {
  eraseSettings,
  listSettings,
  type Setting,
  setting,
  writeSettings,
} from './setting.sql.js';
export { SettingEntity } from './setting.entity.js';
