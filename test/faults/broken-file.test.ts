import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { closeSync, openSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { Service } from '../support/service.ts';
import { createApplication } from '../support/story.ts';
import { FULL, record } from './results.ts';

/**
 * faults.md F32 over the service itself: what `npm start` says and does when its file is damaged. The store's own cases, and files of
 * older schemas, are in test/store/sqlite-open.test.ts and sqlite-migrate.test.ts.
 */
let folder: string;
let applicationId: string;
let service: Service;
const at = (suffix = ''): string => join(service.dataDir, `saypin.db${suffix}`);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'saypin-broken-'));
  service = await Service.start({ LOG_LEVEL: 'info' });
  applicationId = await createApplication(service);
  // As a crash leaves it, with a log that holds all there is.
  await service.kill();
  cpSync(service.dataDir, folder, { recursive: true });
});
afterAll(async () => {
  await service.kill();
  rmSync(folder, { recursive: true });
});

const overwrite = (path: string, from: number, length: number): void => {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(length, 0xa5), 0, length, from);
  closeSync(file);
};

const DAMAGES: readonly (readonly [string, () => void, RegExp])[] = [
  ['the log is missing', () => rmSync(at('-wal')), /missing/],
  ['the file is missing', () => rmSync(at()), /the file is gone/],
  ['the file is empty', () => truncateSync(at(), 0), /empty/],
  ['the file is cut short', () => truncateSync(at(), 60), /cut short/],
  ['the file begins with something else', () => overwrite(at(), 0, 16), /overwritten/],
  ['the log begins with something else', () => overwrite(at('-wal'), 0, 32), /log/],
  ['the file is a text', () => writeFileSync(at(), 'x'.repeat(5_000)), /overwritten/],
];

let refused = 0;
test.each(FULL ? DAMAGES : DAMAGES.slice(0, 3))(
  '%s: one line, an exit code, and the file as it was',
  async (_, damage, line) => {
    putBack();
    damage();
    const before = existsSync(at()) ? statSync(at()).size : undefined;
    const said: unknown = await service.restart().then(
      () => 'it started',
      (error: unknown) => (error as Error).message,
    );
    expect(said).toContain('exited with 1 ');
    expect(said).toMatch(/Saypin cannot start: /);
    expect(said).toMatch(line);
    expect(existsSync(at()) ? statSync(at()).size : undefined, 'it was changed').toBe(before);
    refused++;
  },
);

test('what a crash has left is recovered whole', async () => {
  putBack();
  await service.restart();
  expect((await service.api('GET', `/2fa/2/applications/${applicationId}`)).status).toBe(200);
  await service.kill();
  record({ fault: 'F32', on: 'sqlite, npm start', runs: refused + 1, figures: { refused, recovered: 1 } });
});

function putBack(): void {
  for (const suffix of ['', '-wal', '-shm', '.lock']) {
    rmSync(at(suffix), { force: true });
    const copy = join(folder, `saypin.db${suffix}`);
    if (existsSync(copy)) copyFileSync(copy, at(suffix));
  }
}
