import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { findCanaries } from '../support/canary.ts';
import { findSecrets } from '../support/secret-scan.ts';
import { record } from './results.ts';
import { SecretStory } from './secret-story.ts';
import { missing, STORES } from './world.ts';

/**
 * faults.md F34: a story full of secrets, through a kill, and then a look at all that it left: logs at their most talkative, the store's
 * files (of Redis every command, as text), clips, names of files, the metrics, what the customer's server was told. Of all the secrets
 * docs/SECURITY.md lets only the keys that somebody pressed in a call stand somewhere: in the report of that call, in the store.
 */
const IN_STORE = /^(?:data|redis)\//;

for (const store of STORES) {
  const absent = missing(store);
  const name = `${store}: a story full of secrets leaves none`;
  test.skipIf(absent)(absent ? `${name} (${absent})` : name, { timeout: 60_000 }, async () => {
    const story = await SecretStory.start(store);
    const { root, secrets, pressed, known, service } = story;
    try {
      await story.begin();
      await service.kill();
      await service.restart();
      await story.end();
      await story.leave();
      const { hits, files, bytes } = findSecrets(root, secrets);
      record({
        fault: 'F34',
        on: store,
        runs: 1,
        figures: {
          secrets: Object.keys(secrets).length + 1,
          files: files.length,
          kb: Math.ceil(bytes / 1_024),
          hits: hits.length,
        },
      });
      expect(hits).toEqual([]);
      // As canary.ts looks for PINs: symbol by symbol too.
      const pins = Object.values(secrets).filter(secret => /^\d+$/.test(secret));
      expect(pins.length).toBeGreaterThan(3);
      expect(findCanaries(root, pins).hits).toEqual([]);
      const keys = findCanaries(root, [pressed]).hits;
      expect(keys.filter(hit => !IN_STORE.test(hit))).toEqual([]);
      expect(keys.length, 'nobody pressed a key: a vacuous run').toBeGreaterThan(0);
      expectSeen(findSecrets(root, known).hits);
      expectFound(root, secrets);
    } finally {
      await story.close();
    }
  });
}

/** It looked where there is something to be seen: what may stand in a place does. */
function expectSeen(hits: readonly string[]): void {
  expect(hits).toContain('output.log: id plain');
  expect(hits).toContain('metrics.txt: metric plain');
  expect(hits).toContain('customer.txt: event plain');
  const stored = hits.filter(hit => IN_STORE.test(hit) && hit.endsWith('placeholder plain'));
  expect(stored.length, 'a store without a message').toBeGreaterThan(0);
}

/** Each of these secrets would have been found. */
function expectFound(root: string, secrets: Readonly<Record<string, string>>): void {
  const folder = join(root, 'planted');
  mkdirSync(folder);
  try {
    for (const [name, secret] of Object.entries(secrets)) {
      writeFileSync(join(folder, 'file'), `{"level":30,"msg":"${secret}"}`);
      expect(findSecrets(folder, secrets).hits).toContain(`file: ${name} plain`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
