/** A row of the table in docs/RELIABILITY.md: a fault of the list, and the tests that bring it about. */
export interface FaultRow {
  readonly fault: string;
  readonly what: string;
  readonly how: string;
  readonly files: readonly string[];
  /** Of these files only the tests whose name matches. */
  readonly only?: string;
  /** For the full form. */
  readonly environment?: Readonly<Record<string, string>>;
}

export const FAULT_ROWS: readonly FaultRow[] = [
  {
    fault: 'F1',
    what: 'kill -9 at random instants under load, on the embedded store',
    how: '64 clients: sends, checks and fallbacks over both faces',
    files: ['test/faults/kill-under-load.test.ts'],
    only: 'sqlite:',
    environment: { KILLS: '200' },
  },
  {
    fault: 'F1',
    what: 'kill -9 at random instants under load, on Redis',
    how: '64 clients: sends, checks and fallbacks over both faces',
    files: ['test/faults/kill-under-load.test.ts'],
    only: 'redis:',
    environment: { KILLS: '200' },
  },
  {
    fault: 'F1',
    what: 'kill -9 of the store alone, and in the middle of bulks',
    how: '32 writers on the embedded store; paced voice and SMS bulks over the simulator',
    files: ['test/store/sqlite-kill.test.ts', 'test/faults/bulk-kill.test.ts'],
    environment: { KILLS: '20' },
  },
  {
    fault: 'F2',
    what: 'kill -9 at each step of a send, a check and the outbox',
    how: '`FAULT_AT=before:store.createPin`, …; both stores',
    files: ['test/faults/steps.test.ts'],
    environment: { KILLS: '20' },
  },
  {
    fault: 'F2',
    what: 'kill -9 at each step of a fallback',
    how: '16 steps between the report of the text and the record of the call',
    files: ['test/faults/fallback-kill.test.ts'],
    environment: { KILLS: '20' },
  },
  {
    fault: 'F3',
    what: 'SIGTERM with live calls',
    how: '50 phones of the simulator, some ringing, some talking',
    files: ['test/e2e/drain.test.ts'],
    environment: { DRAIN_CALLS: '50' },
  },
  {
    fault: 'F4',
    what: 'two instances, one killed; rolling restart',
    how: 'Redis, live calls of the simulator',
    files: ['test/e2e/many-nodes.test.ts'],
    environment: { KILLS: '20' },
  },
  {
    fault: 'F5',
    what: 'redis-server killed and started again',
    how: 'under load of the running service, AOF always; at the store',
    files: ['test/faults/redis-away.test.ts', 'test/store/redis-away.test.ts'],
    only: 'kill|starts again',
    environment: { KILLS: '20' },
  },
  {
    fault: 'F6',
    what: 'a connection lost after the command, before its reply',
    how: 'TCP proxy, every mutating verb',
    files: ['test/store/redis-lost-reply.test.ts', 'test/store/redis-messages-model.test.ts'],
  },
  {
    fault: 'F7',
    what: 'Redis stands still',
    how: 'SIGSTOP for 10 s under the running service; at the store with 20,000 requests',
    files: ['test/faults/redis-away.test.ts', 'test/store/redis-away.test.ts'],
    only: 'stands still|hangs',
    environment: { KILLS: '1' },
  },
  {
    fault: 'F8',
    what: 'Redis that evicts, has no AOF, is a replica, is full',
    how: 'CONFIG SET on a real server',
    files: ['test/store/redis-open.test.ts'],
  },
  {
    fault: 'F10',
    what: 'disk full',
    how: 'running service: a limit on file sizes, and a full tmpfs; at the store',
    files: ['test/faults/disk.test.ts', 'test/store/sqlite-full.test.ts'],
    only: 'grow|full|commit|write',
    environment: { KILLS: '1' },
  },
  {
    fault: 'F11',
    what: 'fsync says EIO, and is slow',
    how: 'LD_PRELOAD under the running service',
    files: ['test/faults/disk.test.ts'],
    only: 'fsync',
    environment: { KILLS: '20' },
  },
  {
    fault: 'F12, F13',
    what: 'wall clock an hour off; five minutes from Redis',
    how: 'LD_PRELOAD, monotonic time untouched; at the store with a fake clock',
    files: ['test/faults/clock.test.ts', 'test/store/sqlite-time.test.ts'],
    environment: { KILLS: '1' },
  },
  {
    fault: 'F14',
    what: 'the process stands still for 5 s',
    how: 'SIGSTOP under load, both stores; while phones of the simulator listen',
    files: ['test/faults/stall.test.ts', 'test/faults/stall-media.test.ts'],
    environment: { KILLS: '5' },
  },
  {
    fault: 'F15, F16, F18',
    what: "a carrier's REST side: no, garbage, silence, lost answers; no callbacks",
    how: 'a proxy before the carrier; each rule with a fake clock',
    files: [
      'test/faults/carrier.test.ts',
      'test/delivery/down-carrier.test.ts',
      'test/delivery/dial.test.ts',
      'test/delivery/pin-messages.test.ts',
      'test/carriers/circuit.test.ts',
    ],
    environment: { KILLS: '10' },
  },
  {
    fault: 'F17',
    what: 'callbacks repeated, reordered, late, forged, of unknown ids',
    how: 'seeds, over delivery with a fake clock',
    files: ['test/faults/callbacks.test.ts', 'test/delivery/webhooks.test.ts'],
    environment: { KILLS: '20' },
  },
  {
    fault: 'F19',
    what: 'forged, tampered, replayed callbacks and media sockets',
    how: 'byte flips, wrong signatures, used tokens',
    files: [
      'test/carriers/twilio-signature.test.ts',
      'test/e2e/media-token.test.ts',
      'test/delivery/media-door.test.ts',
    ],
  },
  {
    fault: 'F25',
    what: "a customer's server that is down, slow, gone, huge",
    how: 'real sockets, and the schedule with a fake clock',
    files: ['test/delivery/push', 'test/delivery/events'],
  },
  {
    fault: 'F27',
    what: 'guesses, resend, fallback, cancel and expiry at once',
    how: 'seeds, at both stores; 200 guesses at once over HTTP with a kill between',
    files: ['test/faults/attempts-model.test.ts', 'test/faults/verify-races.test.ts'],
    environment: { KILLS: '20' },
  },
  {
    fault: 'F28',
    what: 'Idempotency-Key in parallel, after a crash, with another body',
    how: 'over HTTP; in F1 every send that was lost is repeated with its key',
    files: ['test/api/verify/idempotency.test.ts', 'test/api/verify/restart.test.ts'],
  },
  {
    fault: 'F29',
    what: 'four times the peak for 60 s, and back, on the embedded store',
    how: 'sends, each with its verification, and the callbacks of its call; then kill -9, and everything acknowledged is asked for; each rule with a fake clock',
    files: [
      'test/faults/overload.test.ts',
      'test/api/overload.test.ts',
      'test/api/overload-gate.test.ts',
      'test/api/send-lane.test.ts',
      'test/api/doorstep.test.ts',
    ],
    only: '^(?!redis:)',
    environment: { KILLS: '1' },
  },
  {
    fault: 'F29',
    what: 'four times the peak for 60 s, and back, on Redis',
    how: 'the same, with redis-server on the same two cores',
    files: ['test/faults/overload.test.ts'],
    only: 'redis:',
    environment: { KILLS: '1' },
  },
  {
    fault: 'F32',
    what: 'store file corrupt, cut, without its log, of another schema',
    how: '`npm start` on edited files; at the store; files of every schema that there was',
    files: [
      'test/faults/broken-file.test.ts',
      'test/store/sqlite-open.test.ts',
      'test/store/sqlite-migrate.test.ts',
    ],
    environment: { KILLS: '1' },
  },
  {
    fault: 'F34',
    what: 'secrets in logs, stores, files and their names',
    how: 'a story of PINs, guesses, keys pressed, API keys, passwords, sessions, secrets of webhooks and media tokens, with a kill, at `LOG_LEVEL=trace`, on both stores; planted ones are found',
    files: [
      'test/faults/canary.test.ts',
      'test/support/canary.test.ts',
      'test/support/secret-scan.test.ts',
      'test/api/verify/secrets.test.ts',
    ],
    environment: { KILLS: '1' },
  },
];
