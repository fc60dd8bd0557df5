import { afterAll, beforeAll, expect, it } from 'vitest';

import { MOBILE, TEXT_THEN_CALL, VerifyServer } from './rig.ts';

let server: VerifyServer;
beforeAll(async () => {
  server = await VerifyServer.start();
});
afterAll(async () => await server.close());

/** Whatever is asked: no PIN, no placeholder, no number in clear in the log; no PIN in an answer. */
it('a whole story tells no secret', async () => {
  const { applicationId } = await server.prepare();
  const answers: string[] = [];
  const client = server.client({
    fetch: async (...given) => {
      const answer = await fetch(...given);
      answers.push(await answer.clone().text());
      return answer;
    },
  });
  const { id } = await client.create({
    to: MOBILE,
    applicationId,
    text: 'Dear {{name}}, {{pin}} it is',
    placeholders: { name: 'Placeholdername' },
    // Long enough never to be part of something else by chance.
    pinLength: 16,
    plan: TEXT_THEN_CALL,
  });
  const pin = await server.api.pinOf(id);
  const wrong = await server.api.wrongPinOf(id);
  await server.pass();
  await server.textReport({ type: 'undelivered', carrierCode: '30003' });
  await server.pass();
  await client.check(id, wrong);
  for (const body of [
    `{"pin":"${pin}`,
    `"${pin}"`,
    { pin: [pin] },
    { pin: pin.repeat(5) },
    { pin, odd: pin },
  ])
    answers.push((await server.raw('POST', `/v1/verifications/${id}/check`, body)).text);
  await client.get(id);
  expect((await client.check(id, pin)).verified).toBe(true);
  await client.get(id);
  for await (const found of client.list({ applicationId })) expect(found.id).toBe(id);

  const logged = server.logged();
  expect(logged).toContain(id);
  for (const secret of [pin, wrong, 'Placeholdername', MOBILE, MOBILE.slice(1)])
    expect(logged.includes(secret), secret).toBe(false);
  expect(answers.length).toBeGreaterThan(6);
  for (const answer of answers)
    for (const secret of [pin, wrong, 'Placeholdername', 'Dear']) expect(answer).not.toContain(secret);
});
