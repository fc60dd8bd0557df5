import { describe, expect, it } from 'vitest';

import { destinationText, isEmail, isNumber, parseEmail, parseMailbox } from '../../src/domain/email.ts';
import {
  createEmailTemplate,
  isEmailTemplate,
  updateEmailTemplate,
} from '../../src/domain/email-template.ts';
import { systemRandom } from '../../src/domain/ids.ts';
import type { ApplicationId, E164, EmailAddress } from '../../src/domain/types.ts';
import { ServiceError } from '../../src/errors.ts';

describe('parseEmail', () => {
  it.each([
    ['john.smith@example.com', 'john.smith@example.com'],
    [' John.Smith@EXAMPLE.com ', 'john.smith@example.com'],
    ["o'brien+tag_x%y{z}@sub.example.co.uk", "o'brien+tag_x%y{z}@sub.example.co.uk"],
    ['+1@example.com', '+1@example.com'],
    ['a@müller.example', 'a@xn--mller-kva.example'],
    ['A@MÜLLER.example', 'a@xn--mller-kva.example'],
    ['jose\u0301@example.com', 'josé@example.com'],
    ['用户@例え.jp', '用户@xn--r8jz45g.jp'],
    [`${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
  ])('%j is %j', (input, address) => {
    expect(parseEmail(input)).toBe(address);
  });

  it.each([
    '',
    '@',
    'john',
    'john@',
    '@example.com',
    'john@localhost',
    'john@example..com',
    'john@-example.com',
    'john@example.com.',
    'john@127.0.0.1',
    'john@[127.0.0.1]',
    'john@example.123',
    'john@exam ple.com',
    'john@example.com/x',
    'john@example.com?x',
    'john@example.com#x',
    'john@example%2ecom',
    'john@user:pass.example',
    'john@example.com:25',
    'jo hn@example.com',
    'john.@example.com',
    '.john@example.com',
    'jo..hn@example.com',
    '"john"@example.com',
    'john@smith@example.com',
    'a@b.example,c@d.example',
    'John <john@example.com>',
    'john@example.com\r\nBcc: x@y.example',
    'jo\u0000hn@example.com',
    'jo\u200bhn@example.com',
    '\u202ejohn@example.com',
    `${'a'.repeat(65)}@example.com`,
    `a@${'b'.repeat(64)}.example`,
    `a@${'bcdefg.'.repeat(40)}example`,
    `${'é'.repeat(60)}@${'abcdefghij.'.repeat(15)}example`,
  ])('%j is none', input => {
    expect(parseEmail(input)).toBeUndefined();
  });

  it('reads what it wrote', () => {
    for (const input of ['A@B.example', 'ß@straße.example', 'İ@i.example']) {
      const once = parseEmail(input);
      expect(once).toBeDefined();
      expect(parseEmail(once ?? '')).toBe(once);
    }
  });
});

describe('parseMailbox', () => {
  it.each([
    ['company@example.com', 'company@example.com'],
    [' Company@Example.com ', 'Company@Example.com'],
    ['<company@example.com>', 'company@example.com'],
    ['Jane Smith <jane.smith@somecompany.com>', 'Jane Smith <jane.smith@somecompany.com>'],
    ['Jane   <j@x.example>', 'Jane <j@x.example>'],
    ['"Smith, Jane" <j@x.example>', '"Smith, Jane" <j@x.example>'],
    ['Smith, Jane <j@x.example>', '"Smith, Jane" <j@x.example>'],
    ['Zoë 🛒 <z@x.example>', 'Zoë 🛒 <z@x.example>'],
  ])('%j is %j, and that is itself', (input, mailbox) => {
    expect(parseMailbox(input)).toBe(mailbox);
    expect(parseMailbox(mailbox)).toBe(mailbox);
  });

  it.each([
    '',
    'Jane',
    'Jane <>',
    'Jane <jane>',
    'Jane <a@b.example> x',
    'Jane <a@b.example>, Bob <c@d.example>',
    'a@b.example, c@d.example',
    'Jane\r\nBcc: x@y.example <a@b.example>',
    '"Jane" Smith" <a@b.example>',
    'Ja\u0000ne <a@b.example>',
    'Jane\u2028 <a@b.example>',
    'Jane <a@b.example\r\n>',
    `${'x'.repeat(201)} <a@b.example>`,
  ])('%j is none', input => {
    expect(parseMailbox(input)).toBeUndefined();
  });
});

describe('a destination', () => {
  it('is a number or an address', () => {
    const [number, address] = ['+41793026727' as E164, '+1@example.com' as EmailAddress];
    expect([isNumber(number), isEmail(number), destinationText(number)]).toStrictEqual([
      true,
      false,
      '41793026727',
    ]);
    expect([isNumber(address), isEmail(address), destinationText(address)]).toStrictEqual([
      false,
      true,
      address,
    ]);
  });
});

describe('e-mail templates', () => {
  const make = (request: Parameters<typeof createEmailTemplate>[1]) =>
    createEmailTemplate('A' as ApplicationId, request, { random: systemRandom, now: 1 });

  it('are told from the others', () => {
    expect(isEmailTemplate(make({ emailTemplateId: 1 }))).toBe(true);
  });

  it('name every field that is wrong at once', () => {
    try {
      make({ emailTemplateId: 1, from: 'x', pinLength: 33 });
      throw new Error('not refused');
    } catch (error) {
      expect(error).toBeInstanceOf(ServiceError);
      expect(Object.keys((error as ServiceError).fields ?? {})).toStrictEqual(['from', 'pinLength']);
    }
  });

  it('keep their birth and note their change', () => {
    const before = make({ emailTemplateId: 1 });
    expect(updateEmailTemplate(before, { pinType: 'HEX' }, 9)).toStrictEqual({
      ...before,
      pinType: 'HEX',
      updatedAt: 9,
    });
  });
});
