import { Catalogue1795219200000 } from './0001-catalogue/index.js';

/** Every migration, oldest first. */
export const migrations = [Catalogue1795219200000] as const;
