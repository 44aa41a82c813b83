import house from '../../jest.config.js';

/**
 * Specs against servers that nobody here wrote; `npm run test:interop` runs them. They need no
 * database of their own: what needs one starts a whole Sluice.
 */
const { globalSetup: _setup, globalTeardown: _teardown, ...settings } = house;

export default {
  ...settings,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/interop/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 120_000,
};
