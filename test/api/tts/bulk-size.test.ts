import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { problems, TtsServer, type Answer, type SendAnswer } from './rig.ts';

/**
 * Issue 3: 20,000 destinations are accepted in under 2 s, of which this is the face's share, measured in its own time on
 * the processor: whatever else a machine does says nothing of it. About 0.15 s here.
 */
const OUR_SHARE_MS = 1_000;

async function cpuMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

let server: TtsServer;
beforeAll(async () => {
  server = await TtsServer.start();
});
afterAll(async () => await server.close());

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(41_793_000_000 + index));
}

const advanced = (messages: unknown[]) => server.call<SendAnswer>('POST', '/tts/3/advanced', { messages });

describe('large bulks', () => {
  it('of 20,000 destinations are taken in order', async () => {
    const destinations = numbers(20_000).map((to, index) => ({ to, messageId: `MESSAGE-ID-${index}` }));
    const message = { text: 'Hi', destinations, sendingSpeed: { speed: 50, timeUnit: 'second' } };
    let answer!: Answer<SendAnswer>;
    const took = await cpuMs(async () => (answer = await advanced([message])));
    expect(took).toBeLessThan(OUR_SHARE_MS);
    expect(answer.status).toBe(200);
    expect(answer.body.messages.map(({ messageId }) => messageId)).toStrictEqual(
      destinations.map(({ messageId }) => messageId),
    );
    expect(server.messaging.lastMessage.speed).toStrictEqual({ amount: 50, perMs: 1_000 });
  });

  it('of 20,000 messages too', async () => {
    const messages = numbers(20_000).map(to => ({ text: 'Hi', to: [to] }));
    const answer = await server.call<SendAnswer>('POST', '/tts/3/multi', { messages });
    expect([answer.status, answer.body.messages.length]).toStrictEqual([200, 20_000]);
  });

  it('have 20,000 destinations at most, in one message and together', async () => {
    const destinations = numbers(20_001).map(to => ({ to }));
    expect(problems(await advanced([{ text: 'Hi', destinations }]))).toStrictEqual({
      'messages[0].destinations': ['must have at most 20000 entries'],
    });
    const halves = [destinations.slice(0, 10_000), destinations.slice(10_000)];
    expect(problems(await advanced(halves.map(half => ({ text: 'Hi', destinations: half }))))).toStrictEqual({
      messages: ['must have at most 20000 destinations together'],
    });
    const multi = await server.call('POST', '/tts/3/multi', {
      messages: [{ text: 'Hi', to: numbers(20_001) }],
    });
    expect(problems(multi)).toStrictEqual({ 'messages[0].to': ['must have at most 20000 entries'] });
  });

  it.each(['/tts/3/multi', '/tts/3/advanced'])('have 4 MB at most: %s', async url => {
    const body = (size: number): string => {
      const frame = '{"messages":[],"x":""}';
      return frame.replace('""', `"${'y'.repeat(size - frame.length)}"`);
    };
    const limit = 4 * 1024 * 1024;
    expect(problems(await server.call('POST', url, body(limit)))).toStrictEqual({
      messages: ['must not be empty'],
    });
    expect((await server.call('POST', url, body(limit + 1))).status).toBe(413);
  });
});

describe('nonsense of four megabytes is refused at once, in few words', () => {
  const repeated = (part: string, times: number): string =>
    Array.from({ length: times }, () => part).join(',');

  it.each([
    ['a million messages', `{"messages":[${repeated('1', 1_000_000)}]}`, 'messages'],
    ['20,000 messages that are none', `{"messages":[${repeated('1', 20_000)}]}`, 'messages[0]'],
    [
      'a million destinations',
      `{"messages":[{"destinations":[${repeated('1', 1_000_000)}]}]}`,
      'messages[0].destinations',
    ],
    [
      '20,000 that are none',
      `{"messages":[{"destinations":[${repeated('1', 20_000)}]}]}`,
      'messages[0].destinations[0]',
    ],
    [
      'a million transfers',
      `{"messages":[{"callTransfers":[${repeated('1', 1_000_000)}]}]}`,
      'messages[0].callTransfers',
    ],
    [
      'a million days',
      `{"messages":[{"deliveryTimeWindow":{"days":[${repeated('1', 1_000_000)}]}}]}`,
      'messages[0].deliveryTimeWindow.days',
    ],
    [
      'a fault in each of 20,000',
      `{"messages":[${repeated('{"destinations":[1],"callTransfers":[1,1,1],"pause":""}', 20_000)}]}`,
      'messages[0].destinations[0]',
    ],
  ])('%s', async (_what, body, field) => {
    let answer!: Answer;
    const took = await cpuMs(async () => (answer = await server.call('POST', '/tts/3/advanced', body)));
    expect(took).toBeLessThan(OUR_SHARE_MS);
    expect(Object.keys(problems(answer))).toContain(field);
    expect(answer.text.length).toBeLessThan(5_000);
  });
});
