import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { createKeyring, derivePin } from '../../src/domain/pin.ts';
import type { PinId } from '../../src/domain/types.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { systemClock } from '../../src/clock.ts';
import { Service } from '../support/service.ts';
import { createTemplate, endedCall, sendVoice } from '../support/story.ts';

/**
 * Records real calls for intelligibility.ts: the running service rings the simulated phone, and what the phone heard is
 * saved beside a manifest of the PINs. The truth comes from the stopped service's store and the master key that this
 * script gave it; the recogniser sees only the recordings.
 *
 *   node test/bench/record-calls.ts [calls a rate=20] [folder=out/recordings]
 */
const perRate = Number(process.argv[2] ?? 20);
const folder = process.argv[3] ?? 'out/recordings';
const rates = [0.7, 1, 1.5];
const secret = Buffer.alloc(64, 7);

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const service = await Service.start({
  SIM_SPEED: '8',
  LOG_LEVEL: 'error',
  MASTER_KEY: `k1:${secret.toString('hex')}`,
});
const calls: { file: string; pinId: string; rate: number }[] = [];
try {
  for (const rate of rates) {
    const ids = await createTemplate(service, { speechRate: rate, messageText: 'Your code is,, {{pin}}' });
    // A few at a time: with scaled clocks a loaded machine would miss its own ring timeouts.
    for (let first = 0; first < perRate; first += 5)
      await Promise.all(
        Array.from({ length: Math.min(5, perRate - first) }, async (_, offset) => {
          const index = first + offset;
          const phone = `+41793${String(rate * 10).padStart(2, '0')}${String(index).padStart(4, '0')}`;
          const pinId = await sendVoice(service, ids, phone);
          const call = await endedCall(service, phone, 1, 120_000);
          if (call.outcome !== 'completed') throw new Error(`call ${index} at rate ${rate}: ${call.outcome}`);
          const file = `rate-${rate}-${String(index).padStart(2, '0')}.wav`;
          writeFileSync(join(folder, file), await service.recording(call.id));
          calls.push({ file, pinId, rate });
        }),
      );
    console.log(`rate ${rate}: ${perRate} calls recorded`);
  }
} finally {
  await service.stop();
}

const store = await openSqliteStore({ path: join(service.dataDir, 'saypin.db'), clock: systemClock });
const keyring = createKeyring({ keys: [{ id: 'k1', secret }], current: 'k1' });
const manifest = [];
for (const { file, pinId, rate } of calls) {
  const record = await store.getPin(pinId as PinId);
  if (!record?.seed) throw new Error(`no seed for ${file}`);
  manifest.push({ file, rate, pin: derivePin(keyring, { ...record, seed: record.seed }) });
}
await store.close();
writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest, null, 1));
console.log(`${manifest.length} recordings in ${folder}`);
