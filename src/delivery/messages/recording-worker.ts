import { parentPort, workerData } from 'node:worker_threads';

import { decodeRecording } from './decode-recording.ts';

/** The thread of one file: see recordings.ts. */
const mulaw = await decodeRecording(workerData as Uint8Array);
parentPort?.postMessage(mulaw);
