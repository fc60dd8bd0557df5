import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import * as schemas from '../../../src/api/events/schemas.ts';
import {
  CUSTOMER_EVENT_TYPES,
  hooksSettings,
  MAX_REPLAYED,
  REST_MS,
} from '../../../src/delivery/events/index.ts';

const text = readFileSync(new URL('../../../docs/EVENTS.md', import.meta.url), 'utf8');
const blocks = [...text.matchAll(/```json\n([\s\S]*?)```/g)].map(match => JSON.parse(match[1]!) as object);

it('docs/EVENTS.md names every type, and shows events as they are', () => {
  for (const type of CUSTOMER_EVENT_TYPES) expect(text).toContain(`| \`${type}\` |`);
  const events = blocks.filter(block => 'id' in block);
  expect(events.map(event => schemas.event.parse(event).type)).toEqual([
    'verification.verified',
    'delivery.started',
    'delivery.delivered',
    'delivery.failed',
  ]);
  for (const event of events) {
    const { data } = schemas.event.parse(event);
    // The schema takes what it does not know: the document must name no field that there is not.
    for (const field of Object.keys(data))
      expect(Object.keys(schemas.event.shape.data.shape)).toContain(field);
  }
});

it('docs/EVENTS.md has the hook’s configuration and the figures of the code', () => {
  const hooks = blocks.filter(block => 'hooks' in block);
  expect(hooks).toHaveLength(1);
  for (const block of hooks)
    expect(hooksSettings.safeParse((block as { hooks: object }).hooks).success).toBe(true);
  expect(text).toContain(`After ${MAX_REPLAYED.toLocaleString('en')} events`);
  expect(text).toContain(`left alone for ${REST_MS / 1_000} seconds`);
});
