import { describe, expect, test } from 'vitest';

import { parseMasterKeys } from '../src/config-secrets.ts';

describe('master keys', () => {
  const [a, b] = ['a'.repeat(64), 'b'.repeat(128)];

  test.each([
    [a, ['k1']],
    [`old:${a},new:${b}`, ['old', 'new']],
    [`old:${a}\nnew:${b}\n`, ['old', 'new']],
  ])('%#', (text, ids) => {
    expect(parseMasterKeys(text, 'here').map(({ id }) => id)).toEqual(ids);
  });

  test.each(['', 'k1:', 'k1:abc', `k1:${'a'.repeat(62)}`, `k1:${a},k1:${b}`, `a b:${a}`, `k1:${a}0`])(
    'refused, without quoting it: %j',
    text => {
      let message = '';
      try {
        parseMasterKeys(text, 'here');
      } catch (error) {
        message = (error as Error).message;
      }
      expect(message).toContain('here');
      expect(message).not.toContain('aaaa');
    },
  );
});
