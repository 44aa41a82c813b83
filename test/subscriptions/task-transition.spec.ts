import { expect, it } from '@jest/globals';
import { UnsupportedOperation, UnsupportedStatus } from '../../src/errors/index.js';
import { demandTransition } from '../../src/subscriptions/index.js';
import { TaskState, TaskStateCodec } from '../../src/vocabulary/index.js';

const ALLOWED: Readonly<Record<string, string>> = {
  WAITING: '',
  NEW: 'NEW ASSIGNED RUNNING DONE FAILED',
  ASSIGNED: 'NEW ASSIGNED RUNNING DONE FAILED',
  RUNNING: 'NEW RUNNING DONE FAILED',
  DONE: 'DONE',
  FAILED: 'NEW FAILED',
};

it.each(Object.entries(ALLOWED))('%s is followed by: %s', (from, expected) => {
  const state = TaskStateCodec.parse(from) as TaskState;
  const next = TaskStateCodec.letters.filter((to) => {
    try {
      demandTransition({ number: 1, state, consumer: null }, { state: to });
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(UnsupportedStatus);
      return false;
    }
  });
  expect(next.map((it) => TaskStateCodec.name(it)).join(' ')).toBe(expected);
});

it('what is not as the caller believes, or somebody else’s, is left alone', () => {
  const task = { number: 1, state: TaskState.RUNNING, consumer: 'w1' };
  expect(() => demandTransition(task, { state: TaskState.DONE, from: TaskState.ASSIGNED })).toThrow(
    UnsupportedOperation,
  );
  expect(() => demandTransition(task, { state: TaskState.DONE, consumer: 'w2' })).toThrow(
    "by 'w1'",
  );
  demandTransition(task, { state: TaskState.DONE, consumer: 'w1' });
  demandTransition(task, { state: TaskState.DONE });
});
