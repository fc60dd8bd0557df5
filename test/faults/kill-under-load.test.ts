import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { seededRandom } from '../support/seeded-random.ts';
import { Service } from '../support/service.ts';
import { createApplication, createTemplate, type SentPin } from '../support/story.ts';

/**
 * faults.md F1, embedded store: kill -9 at random instants under load; what was answered 2xx exists afterwards.
 * `KILLS` sets the rounds: a short form in `npm test`, 20 by `npm run test:faults`.
 */
const rounds = Number(process.env.KILLS ?? 3);

test(`${rounds} times kill -9 under load lose no acknowledged application, template or PIN`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'saypin-faults-'));
  const SAYPIN_CONFIG = join(folder, 'config.json');
  // A load is what the published request limits are against.
  writeFileSync(SAYPIN_CONFIG, JSON.stringify({ api: { requestLimits: false } }));
  const service = await Service.start({ SIM_SPEED: '20', SAYPIN_CONFIG });
  const ids = await createTemplate(service);
  const random = seededRandom(7);
  const acknowledged = { applications: [] as string[], templates: [] as string[][], pins: [] as string[] };
  let lost = 0;
  try {
    for (let round = 0; round < rounds; round++) {
      const before = count(acknowledged);
      const load = { running: true };
      const workers = Array.from({ length: 16 }, async (_, worker) => {
        for (let step = 0; load.running; step++) {
          try {
            await oneStep(
              service,
              ids,
              acknowledged,
              `+41791${String(worker).padStart(2, '0')}${String(step % 10_000).padStart(4, '0')}`,
              (worker + step) % 3,
            );
          } catch {
            lost++;
            return;
          }
        }
      });
      await new Promise(resolve => setTimeout(resolve, 100 + (random(1)[0]! / 256) * 500));
      await service.kill();
      load.running = false;
      await Promise.all(workers);
      expect(count(acknowledged), `round ${round} acknowledged nothing: a vacuous run`).toBeGreaterThan(
        before,
      );
      await service.restart();
      expect(service.readyMs, 'ready after a kill').toBeLessThan(15_000);
      await everythingIsThere(service, acknowledged);
    }
    expect(lost, 'no kill ever hit a request: a vacuous run').toBeGreaterThan(0);
  } finally {
    await service.kill();
    rmSync(folder, { recursive: true });
  }
}, 240_000);

async function oneStep(
  service: Service,
  ids: { applicationId: string; messageId: string },
  acknowledged: { applications: string[]; templates: string[][]; pins: string[] },
  to: string,
  kind: number,
): Promise<void> {
  if (kind === 0) {
    acknowledged.applications.push(await createApplication(service));
  } else if (kind === 1) {
    const { applicationId, messageId } = await createTemplate(service);
    acknowledged.templates.push([applicationId, messageId]);
  } else {
    const sent = await service.api<SentPin>('POST', '/2fa/2/pin/voice', { ...ids, to });
    if (sent.status === 200) acknowledged.pins.push(sent.body.pinId);
  }
}

async function everythingIsThere(
  service: Service,
  acknowledged: { applications: string[]; templates: string[][]; pins: string[] },
): Promise<void> {
  for (const id of acknowledged.applications) {
    expect((await service.api('GET', `/2fa/2/applications/${id}`)).status).toBe(200);
  }
  for (const [application, id] of acknowledged.templates) {
    expect((await service.api('GET', `/2fa/2/applications/${application}/messages/${id}`)).status).toBe(200);
  }
  // A known pinId answers 200 to any guess, an unknown one 404.
  for (const pinId of acknowledged.pins.splice(0)) {
    expect((await service.api('POST', `/2fa/2/pin/${pinId}/verify`, { pin: 'x' })).status).toBe(200);
  }
}

function count(acknowledged: { applications: string[]; templates: string[][]; pins: string[] }): number {
  return acknowledged.applications.length + acknowledged.templates.length + acknowledged.pins.length;
}
