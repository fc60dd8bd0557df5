import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { rememberCatalog } from '../../src/store/recent-catalog.ts';
import type { Store } from '../../src/store/store.ts';
import { openTestStore } from '../support/sqlite-harness.ts';
import { applicationId, newApplication, newTemplate, PLAN, times } from '../support/store-fixtures.ts';

let harness: Awaited<ReturnType<typeof openTestStore>>;
/** As another node has it. */
let elsewhere: Store;
let here: ReturnType<typeof rememberCatalog<Store>>;
let reads: ReturnType<typeof vi.fn>;

beforeEach(async () => {
  harness = await openTestStore();
  elsewhere = harness.store;
  reads = vi.fn(elsewhere.getApplication.bind(elsewhere));
  here = rememberCatalog({ ...elsewhere, getApplication: reads as Store['getApplication'] }, harness);
});
afterEach(async () => {
  await harness.dispose();
});

const application = newApplication();
const { applicationId: id } = application;

describe('what sends and checks read of the catalog', () => {
  test('is read once a second, however often it is asked for', async () => {
    await elsewhere.putApplication(application);
    const answers = await Promise.all(times(20, async () => await here.recent.getApplication(id)));
    harness.clock.advance(999);
    answers.push(await here.recent.getApplication(id));
    expect(answers).toStrictEqual(times(21, () => application));
    expect(reads).toHaveBeenCalledTimes(1);
  });

  test('holds what another node changed after a second, what is new included', async () => {
    await elsewhere.putApplication(application);
    const { messageId } = newTemplate(id);
    const template = { ...newTemplate(id), messageId };
    expect(await here.recent.getApplication(id)).toStrictEqual(application);
    expect(await here.recent.getTemplate(id, messageId)).toBeUndefined();
    expect(await here.recent.policyFor({ applicationId: id, messageId })).toBeUndefined();
    await elsewhere.putApplication({ ...application, enabled: false });
    await elsewhere.putTemplate(template);
    await elsewhere.putPolicy({ applicationId: id, plan: PLAN });
    harness.clock.advance(1_000);
    expect(await here.recent.getApplication(id)).toMatchObject({ enabled: false });
    expect(await here.recent.getTemplate(id, messageId)).toStrictEqual(template);
    expect(await here.recent.policyFor({ applicationId: id, messageId })).toStrictEqual(PLAN);
  });

  test('holds what this node changed at once', async () => {
    await elsewhere.putApplication(application);
    const template = newTemplate(id);
    const { messageId } = template;
    await elsewhere.putTemplate(template);
    await here.recent.getApplication(id);
    await here.recent.getTemplate(id, messageId);
    await here.recent.policyFor({ applicationId: id, messageId });
    await here.store.putApplication({ ...application, enabled: false });
    await here.store.putTemplate({ ...template, messageText: 'Another {{pin}}' });
    await here.store.putPolicy({ applicationId: id, messageId, plan: PLAN });
    expect(await here.recent.getApplication(id)).toMatchObject({ enabled: false });
    expect(await here.recent.getTemplate(id, messageId)).toMatchObject({ messageText: 'Another {{pin}}' });
    expect(await here.recent.policyFor({ applicationId: id, messageId })).toStrictEqual(PLAN);
  });

  test('does not remember an answer from before a change that was asked for meanwhile', async () => {
    await elsewhere.putApplication(application);
    const late = Promise.withResolvers<typeof application>();
    reads.mockReturnValueOnce(late.promise);
    const asked = here.recent.getApplication(id);
    await here.store.putApplication({ ...application, enabled: false });
    late.resolve(application);
    expect(await asked).toStrictEqual(application);
    expect(await here.recent.getApplication(id)).toMatchObject({ enabled: false });
  });

  test('forgets after a write of which nobody knows whether it was done', async () => {
    await elsewhere.putApplication(application);
    const failing = rememberCatalog(
      {
        ...elsewhere,
        async putApplication(changed) {
          await elsewhere.putApplication(changed);
          throw new Error('no answer');
        },
      },
      harness,
    );
    await failing.recent.getApplication(id);
    await expect(failing.store.putApplication({ ...application, enabled: false })).rejects.toThrow();
    expect(await failing.recent.getApplication(id)).toMatchObject({ enabled: false });
  });

  test('asks again after a failure', async () => {
    await elsewhere.putApplication(application);
    reads.mockRejectedValueOnce(new Error('away'));
    await expect(here.recent.getApplication(id)).rejects.toThrow('away');
    expect(await here.recent.getApplication(id)).toStrictEqual(application);
  });

  test('remembers that there is none, so that an unknown PIN takes as long as a known one', async () => {
    const unknown = applicationId();
    for (let again = 0; again < 3; again++) expect(await here.recent.getApplication(unknown)).toBeUndefined();
    expect(reads).toHaveBeenCalledTimes(1);
  });
});
