import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { noBrowser, openBrowser, type TestBrowser } from '../support/browser.ts';
import { Customer } from '../sip-sim/customer.ts';

const SLOW = { timeout: 90_000 };
const TO = '+41793026727';
const MARKUP = `<img src=x onerror="window.owned=1"><script>window.owned=1</script><b>bold</b>`;

describe.skipIf(noBrowser !== undefined)(noBrowser ?? 'markup in what a phone shows stays text', SLOW, () => {
  let customer: Customer;
  let browser: TestBrowser;
  beforeAll(async () => {
    [customer, browser] = await Promise.all([Customer.start({ speed: 20 }), openBrowser()]);
  });
  afterAll(async () => {
    await browser.close();
    await customer.close();
  });

  test('in a text, a mail’s sender, subject, text and markup, and the address', async () => {
    await customer.client.messages.create({ to: TO, from: '+15005550006', body: `text ${MARKUP}` });
    const transport = createTransport(customer.sim.smtpUrl);
    const from = { name: `sender ${MARKUP}`, address: 'hello@acme.example' };
    const to = 'a&b<i>@home.example'.replaceAll(/[<>]/g, "'");
    await transport.sendMail({ from, to, subject: `subject ${MARKUP}`, text: `body ${MARKUP}` });
    await transport.sendMail({ from, to, subject: 'markup only', html: `<p>html</p>${MARKUP}` });
    transport.close();

    const { page, problems, close } = await browser.page(customer.sim.url);
    await page.goto(`${customer.sim.url}/phones/${TO},${encodeURIComponent(MARKUP)}`);
    await page.getByRole('button', { name: 'Messages' }).click();
    expect(await page.locator('.bubble').textContent()).toBe(`text ${MARKUP}`);
    await page.getByRole('button', { name: 'Mail', exact: true }).click();
    const mail = page.getByRole('button', { name: `subject ${MARKUP}` });
    expect(await mail.locator('b').textContent()).toBe(`subject ${MARKUP}`);
    expect(await mail.locator('small').textContent()).toContain(`sender ${MARKUP}`);
    expect(await mail.locator('small').textContent()).toContain(to);
    await mail.click();
    expect((await page.locator('.mail-text').textContent())?.trim()).toBe(`body ${MARKUP}`);
    await page.getByRole('button', { name: 'markup only' }).click();
    expect(await page.locator('.mail-text').textContent()).toContain('<p>html</p>');
    // Nothing of the markup became an element, in any of the fields.
    expect(await page.locator('img[src=x], .mail-text *, .bubble *, .row b *, #app script').count()).toBe(0);
    expect(await page.evaluate('window.owned')).toBeUndefined();
    expect(problems).toEqual([]);
    await close();
  });

  test('in the caller: a number is a number, and nothing else is taken', async () => {
    await expect(
      customer.client.calls.create({ to: TO, from: MARKUP, twiml: '<Response/>' }),
    ).rejects.toMatchObject({ code: 21212 });
    const { page, problems, close } = await browser.page(customer.sim.url);
    await page.goto(`${customer.sim.url}/phones/${encodeURIComponent(MARKUP)}`);
    // No number at all: the list of phones.
    await page.getByRole('heading', { name: 'Pick up a phone' }).waitFor();
    expect(await page.evaluate('window.owned')).toBeUndefined();
    await page.getByLabel('Number, with its country code').fill(MARKUP);
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByRole('alert').waitFor();
    expect(problems).toEqual([]);
    await close();
  });
});
