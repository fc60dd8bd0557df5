import type { Page } from 'playwright-core';

import type { PageOptions, TestBrowser, WatchedPage } from '../support/browser.ts';
import type { Service } from '../support/service.ts';

/** The numbers of an application and template to try things with. */
export interface Prepared {
  readonly applicationId: string;
  readonly messageId: string;
}

export async function prepare(
  service: Service,
  words: { name?: string; text?: string; sender?: string } = {},
): Promise<Prepared> {
  const { body: application } = await service.api<Prepared>('POST', '/2fa/2/applications', {
    name: words.name ?? 'Web shop',
    configuration: { sendPinPerPhoneNumberLimit: '1000/1d', verifyPinLimit: '1000/1s' },
  });
  const { applicationId } = application;
  const path = `/2fa/2/applications/${applicationId}/messages`;
  const { body: template } = await service.api<Prepared>('POST', path, {
    messageText: words.text ?? 'Hello. Your code is,, {{pin}}. Once more,, {{pin}}.',
    pinType: 'NUMERIC',
    pinLength: 4,
    language: 'en',
    repeatDTMF: '1',
    ...(words.sender !== undefined && { senderId: words.sender }),
  });
  return { applicationId, messageId: template.messageId };
}

/** Opens the console and signs in with the key, as a person does. */
export async function signIn(
  browser: TestBrowser,
  service: Service,
  options: PageOptions = {},
): Promise<WatchedPage> {
  const watched = await browser.page(service.url, options);
  const { page } = watched;
  await page.goto(`${service.url}/console`);
  await page.getByLabel('API key').fill(service.apiKey);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  return watched;
}

/** Every page, by its path within the console, and the heading by which it is known to be there. */
export function allPages({ applicationId, messageId }: Prepared, verification: string, to: string) {
  const application = `/applications/${applicationId}`;
  return [
    ['', 'Overview'],
    ['/send', 'Send a test'],
    ['/verifications', 'Verifications'],
    [`/verifications/${verification}`, to],
    ['/calls', 'Live calls'],
    ['/applications', 'Applications'],
    [application, 'Web shop'],
    [`${application}/templates/${messageId}`, 'Template'],
    [`${application}/templates/new`, 'New template'],
    ['/carriers', 'Carriers'],
    ['/limits', 'Limits and blocks'],
    ['/webhooks', 'Webhooks'],
    ['/keys', 'API keys'],
    ['/reports', 'Reports'],
  ] as const;
}

/** Goes to a page and waits until nothing of it is loading any more. */
export async function open(page: Page, service: Service, path: string, heading: string): Promise<void> {
  await page.goto(`${service.url}/console${path}`);
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
  await page.locator('.loading').first().waitFor({ state: 'detached' });
}
