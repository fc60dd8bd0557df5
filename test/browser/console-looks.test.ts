import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import {
  accessibilityProblems,
  DESKTOP,
  noBrowser,
  openBrowser,
  PHONE,
  type TestBrowser,
} from '../support/browser.ts';
import { eventually, Service } from '../support/service.ts';
import { allPages, open, prepare, signIn, type Prepared } from './console-rig.ts';

const SLOW = { timeout: 180_000 };
const TO = '+41793026727';
const LANDLINE = '+41446681800';
const MAX_SCRIPT = 200 * 1024;
const MARKUP = `<img src=x onerror="window.owned=1"><script>window.owned=1</script>`;

describe.skipIf(noBrowser !== undefined)(noBrowser ?? 'how the console is made', SLOW, () => {
  let service: Service;
  let browser: TestBrowser;
  let ids: Prepared;
  let verification: string;
  beforeAll(async () => {
    [service, browser] = await Promise.all([Service.start(), openBrowser()]);
    ids = await prepare(service);
    for (const to of [LANDLINE, TO]) {
      const { body } = await service.api<{ id: string }>('POST', '/v1/verifications', { to });
      verification = body.id;
    }
  });
  afterAll(async () => {
    await browser.close();
    await service.stop();
  });

  test.each([
    ['light', DESKTOP],
    ['dark', DESKTOP],
    ['light', PHONE],
    ['dark', PHONE],
  ] as const)('axe finds nothing on any page, and nothing is cut off: %s, %o', async (scheme, size) => {
    const first = await browser.page(service.url, { scheme, size });
    await first.page.goto(`${service.url}/console`);
    await first.page.getByLabel('API key').waitFor();
    expect(await accessibilityProblems(first.page)).toEqual([]);
    await first.close();
    const { page, problems, close } = await signIn(browser, service, { scheme, size, reducedMotion: true });
    for (const [path, heading] of allPages(ids, verification, TO)) {
      await open(page, service, path, heading);
      expect(await accessibilityProblems(page), path).toEqual([]);
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      expect(overflow, `${path} is wider than its window`).toBeLessThanOrEqual(0);
    }
    expect(problems).toEqual([]);
    await close();
  });

  test('the script is small, and all of it is ours', async () => {
    const { scripts, problems, close } = await signIn(browser, service);
    await eventually('the scripts', async () => scripts.has('/console/web/view-app.ts'));
    const bytes = [...scripts.values()].reduce((sum, body) => sum + gzipSync(body).length, 0);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(MAX_SCRIPT);
    expect([...scripts.keys()].every(path => path.startsWith('/console/web/'))).toBe(true);
    expect(problems).toEqual([]);
    await close();
  });

  test('by the keyboard alone: skip link, menu at phone width, and the focus on the new page’s title', async () => {
    const { page, problems, close } = await signIn(browser, service, { size: PHONE });
    await page.reload();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the page');
    await page.getByRole('button', { name: 'Menu' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Carriers' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Carriers' }).waitFor();
    await eventually('the focus on the title', async () =>
      page.evaluate<boolean>(`document.activeElement.textContent === 'Carriers'`),
    );
    expect(await page.title()).toBe('Carriers · Saypin');
    expect(problems).toEqual([]);
    await close();
  });

  test('markup in names, texts, senders, numbers and descriptions stays text', async () => {
    const name = `name ${MARKUP}`;
    const marked = await prepare(service, { name, text: `text ${MARKUP} {{pin}}`, sender: '<b>shop</b>' });
    await service.api('POST', '/v1/keys', { name: `key ${MARKUP}` });
    const { page, problems, close } = await signIn(browser, service);
    const seen = async (text: string): Promise<void> => {
      await page.getByText(text).first().waitFor();
      expect(await page.locator('img[src=x], #app script, main b b').count()).toBe(0);
      expect(await page.evaluate('window.owned')).toBeUndefined();
    };
    const application = `/applications/${marked.applicationId}`;
    await open(page, service, '/applications', 'Applications');
    await seen(name);
    await open(page, service, application, 'name');
    await seen(`text ${MARKUP}`);
    await open(page, service, `${application}/templates/${marked.messageId}`, 'Template');
    await page.locator('.utterances').getByText('text').waitFor();
    expect(await page.getByLabel('Text').inputValue()).toBe(`text ${MARKUP} {{pin}}`);
    expect(await page.getByLabel('Sender').inputValue()).toBe('<b>shop</b>');
    expect(await page.getByLabel('SSML').textContent()).toContain('&lt;img src=x');
    await open(page, service, '/keys', 'API keys');
    await seen(`key ${MARKUP}`);
    await page.goto(`${service.url}/console/verifications?to=${encodeURIComponent(MARKUP)}`);
    await page.getByRole('alert').waitFor();
    expect(await page.getByLabel('Number or address').inputValue()).toBe(MARKUP);
    await page.goto(`${service.url}/console/verifications/${encodeURIComponent(MARKUP)}`);
    await seen(MARKUP);
    // What was not found, and nothing else, went wrong.
    expect(problems.filter(text => !/\b40[04]\b/.test(text))).toEqual([]);
    await close();
  });

  test('a reason and an error of a carrier stay text', async () => {
    const { page, problems, close } = await signIn(browser, service);
    await page.route('**/console/api/v1/verifications/*', async route => {
      const answer = await route.fetch();
      const body = (await answer.json()) as { timeline: object[] };
      const marked = {
        carrierReason: MARKUP,
        reason: MARKUP,
        detail: MARKUP,
        carrier: MARKUP,
        state: MARKUP,
      };
      const timeline = body.timeline.map(step => ({ ...step, ...marked }));
      await route.fulfill({ response: answer, json: { ...body, timeline } });
    });
    await open(page, service, `/verifications/${verification}`, TO);
    expect(await page.locator('.timeline').textContent()).toContain(`detail: ${MARKUP}`);
    expect(await page.locator('img[src=x], #app script').count()).toBe(0);
    expect(await page.evaluate('window.owned')).toBeUndefined();
    expect(problems).toEqual([]);
    await close();
  });

  test('the API reference: an example is sent from the page', async () => {
    const { page, problems, close } = await browser.page(service.url);
    await page.goto(`${service.url}/docs`);
    const operation = page.locator('#operations-2FA-createTfaApplication');
    await operation.getByRole('button').first().click();
    await page.getByRole('button', { name: 'Authorize' }).first().click();
    await page
      .getByLabel('api_key_value')
      .or(page.locator('.auth-container input'))
      .first()
      .fill(`App ${service.apiKey}`);
    await page
      .locator('.auth-btn-wrapper')
      .getByRole('button', { name: 'Apply credentials' })
      .first()
      .click();
    await page.locator('.close-modal').click();
    await operation.getByRole('button', { name: 'Execute' }).click();
    await operation.locator('.live-responses-table').getByText('"applicationId"').first().waitFor();
    expect(problems).toEqual([]);
    await close();
  });

  test('inline script is refused by the policy', async () => {
    const { page, problems, close } = await signIn(browser, service);
    const ran = await page.evaluate(`new Promise(done => {
      const script = document.createElement('script');
      try { script.textContent = 'window.ran = true'; } catch { return done('refused'); }
      document.body.append(script);
      setTimeout(() => done(window.ran === true ? 'ran' : 'refused'), 50);
    })`);
    expect(ran).toBe('refused');
    // The watching itself works: this very try was noted.
    expect(problems.some(text => /policy|Trusted/i.test(text))).toBe(true);
    await close();
  });
});
