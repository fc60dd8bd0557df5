/** A guard that is broken on purpose, and the tests that must notice. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  /** Found exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  readonly tests: readonly string[];
  /** Of these tests only those whose name matches. */
  readonly only?: string;
}

const SQLITE = 'test/contract/sqlite-store.test.ts';
const REDIS_REPLY = 'test/store/redis-lost-reply.test.ts';
const PLANS = 'test/delivery/plans.test.ts';
const DOWN = 'test/delivery/down-carrier.test.ts';

/** The first three are the quick form. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'I2: the attempt is counted only when the PIN was wrong',
    file: 'src/store/sqlite/attempts.ts',
    find: `    if (count.run(pin.pinId).changes !== 1) return { outcome: 'exhausted', to, attemptsRemaining: 0 };`,
    replace: `    if (!same(request.expected, request.candidate) && count.run(pin.pinId).changes !== 1) return { outcome: 'exhausted', to, attemptsRemaining: 0 };`,
    tests: [SQLITE],
    only: 'attemptPin',
  },
  {
    name: 'I5: the signature of webhooks is ignored',
    file: 'src/delivery/webhooks.ts',
    find: '    return carrier.verifyWebhook(raw);',
    replace: '    return carrier.verifyWebhook(raw) || true;',
    tests: ['test/delivery/webhooks.test.ts'],
  },
  {
    name: 'I4: a turn of a plan is taken twice (no look at expectedTurn)',
    file: 'src/store/sqlite/verifications.ts',
    find: `      if (run.turn !== request.expectedTurn) return { outcome: 'stale', run };`,
    replace: '',
    tests: [SQLITE, 'test/faults/attempts-model.test.ts'],
    only: 'advanceRun|sqlite: guesses',
  },
  {
    name: 'no dedupe: an opId that comes again is done again',
    file: 'src/store/sqlite/once.ts',
    find: '    if (known) return (await known.again()) as Result;',
    replace: '',
    tests: [SQLITE],
    only: 'repeated opId|done once for an opId',
  },
  {
    name: '.get() outside of the transaction: answered before it is committed',
    file: 'src/store/sqlite/writer.ts',
    find: `        const result = work();
        return () => resolve(result);`,
    replace: `        const result = work();
        resolve(result);
        return () => {};`,
    tests: ['test/store/sqlite-full.test.ts', 'test/store/sqlite-writer.test.ts'],
  },
  {
    name: 'TTL by the wall clock of the process',
    file: 'src/store/sqlite/store-clock.ts',
    find: '  return () => Math.floor(start + clock.monotonic());',
    replace: '  return () => (start > 0 ? clock.now() : 0);',
    tests: ['test/store/sqlite-time.test.ts'],
  },
  {
    name: 'I4: no withdrawal before a right PIN is answered',
    file: 'src/delivery/verify.ts',
    find: `    if (result.outcome === 'verified' && result.live.length > 0) await deps.withdraw(result.live);`,
    replace: '',
    tests: [PLANS],
  },
  {
    name: 'I4: a verified PIN knows of no live calls',
    file: 'src/store/sqlite/attempts.ts',
    find: 'live: liveCalls(pin.pinId) };',
    replace: 'live: [] };',
    tests: [SQLITE],
    only: 'an attempt',
  },
  {
    name: 'I4: a redial although it was verified',
    file: 'src/store/sqlite/rows.ts',
    find: ' OR pin.last_verified_at >= ${table}.created_at',
    replace: '',
    tests: [SQLITE],
    only: 'another try',
  },
  {
    name: 'I4: timers without a lease',
    file: 'src/store/sqlite/timers.ts',
    find: `      for (const row of rows) lease.run(at + Math.ceil(leaseMs), text(row['id']));`,
    replace: `      for (const row of rows) lease.run(at, text(row['id']));`,
    tests: [SQLITE],
    only: 'timers',
  },
  {
    name: 'I4: a failed step is not armed, only followed',
    file: 'src/delivery/plans/follow.ts',
    find: `        arm: [planTimer(pinId, turn, 'failure', FAILURE_SLACK_MS)],`,
    replace: '        arm: [],',
    tests: [PLANS],
  },
  {
    name: 'F15: that a plan goes on is not written with the failure of its text',
    file: 'src/delivery/pin-messages/courier.ts',
    find: '      const arm = [timer, reservedGuard(ref)];',
    replace: '      const arm = [reservedGuard(ref)];',
    tests: [DOWN],
  },
  {
    name: 'I4: a call may begin behind one that may have been placed',
    file: 'src/delivery/plans/unclear.ts',
    find: '  return call < 0 ? behind : behind.slice(0, call);',
    replace: '  return behind;',
    tests: [DOWN],
  },
  {
    name: 'I4: a call that its plan has left behind is dialled again',
    file: 'src/delivery/dial-guard.ts',
    find: '    if (await this.#isLeftBehind(delivery)) return await this.#leave(ref, placed);',
    replace: '',
    tests: [DOWN],
  },
  {
    name: 'F15: a text is tried again although its plan has gone on',
    file: 'src/delivery/pin-messages/courier.ts',
    find: `        if (trouble.hurried && !(await this.#deps.onward(message.pinId, message.ref))) return refusal;`,
    replace: '',
    tests: [DOWN],
  },
  {
    name: 'F15: everybody looks at once whether a carrier is back',
    file: 'src/carriers/circuit.ts',
    find: '    this.#lookAt = now + LOOK_MS;',
    replace: '',
    tests: ['test/carriers/circuit.test.ts'],
  },
  {
    name: 'I6: a push that takes long is taken by another process meanwhile',
    file: 'src/delivery/push/lease.ts',
    find: '      const renewed = this.#store.deferEvent({ id: this.#id, inMs: LEASE_MS });',
    replace: '      const renewed = Promise.resolve();',
    tests: ['test/delivery/push/lease.test.ts'],
  },
  {
    name: 'I6: an event is taken out of the outbox before it was pushed',
    file: 'src/delivery/push/pusher.ts',
    find: `    const outcome = await offer(this.#deps, { event, body, route, signal: this.#abort.signal });`,
    replace: `    await this.#deps.store.ackEvent(event.id);
    const outcome = await offer(this.#deps, { event, body, route, signal: this.#abort.signal });`,
    tests: ['test/delivery/push', 'test/delivery/events'],
  },
  {
    name: 'I6: an event has another id at each try',
    file: 'src/delivery/push/offer.ts',
    find: 'headers({ id: event.id,',
    replace: 'headers({ id: `${event.id}-${event.tries}`,',
    tests: ['test/delivery/push', 'test/delivery/events'],
  },
  {
    name: 'a media token is good twice',
    file: 'src/store/sqlite/deliveries.ts',
    find: '      spendToken.run(tokenHash);',
    replace: '      if (tokenHash.length === 0) spendToken.run(tokenHash);',
    tests: [SQLITE],
    only: 'media tokens',
  },
  {
    name: 'I5: a delivery steps down the lattice',
    file: 'src/store/sqlite/deliveries.ts',
    find: 'DELIVERY_STATES.indexOf(request.to) > DELIVERY_STATES.indexOf(before.state)',
    replace: 'request.to !== before.state || DELIVERY_STATES.length === 0',
    tests: [SQLITE],
    only: 'transition',
  },
  {
    name: 'I3: an earlier PIN is not superseded',
    file: 'src/store/sqlite/pins.ts',
    find: '    if (request.supersede) supersedeOthers(pin, at);',
    replace: '    if (request.supersede && at < 0) supersedeOthers(pin, at);',
    tests: [SQLITE],
    only: 'supersession',
  },
  {
    name: 'I2: no cap over all PINs of a number',
    file: 'src/store/sqlite/attempts.ts',
    find: '    if (failureCap && windows.wait(failures, failureCap, at) > 0) {',
    replace: '    if (failureCap && windows.wait(failures, failureCap, at) > Infinity) {',
    tests: [SQLITE],
    only: 'failure cap',
  },
  {
    name: 'I3: a PIN is right again after its one use',
    file: 'src/store/sqlite/attempts.ts',
    find: `  if (pin.state === 'verified' && !pin.allowMultiple) return 'used';`,
    replace: '',
    tests: [SQLITE],
    only: 'attemptPin',
  },
  {
    name: 'I3: a PIN outlives its time',
    file: 'src/store/sqlite/attempts.ts',
    find: `  return pin.expiresAt <= at ? 'expired' : undefined;`,
    replace: `  return pin.expiresAt <= at - 1e12 ? 'expired' : undefined;`,
    tests: [SQLITE],
    only: 'expiry',
  },
  {
    name: 'the seed outlives the PIN',
    file: 'src/store/sqlite/attempts.ts',
    find: '    if (attemptsRemaining === 0 || (right && !pin.allowMultiple)) erase.run(pin.pinId);',
    replace: '',
    tests: [SQLITE, 'test/store/sqlite-erasure.test.ts'],
    only: 'attemptPin|seed',
  },
  {
    name: 'synchronous=NORMAL: a commit is not on the disk',
    file: 'src/store/sqlite/open-database.ts',
    find: '    PRAGMA synchronous = FULL;',
    replace: '    PRAGMA synchronous = NORMAL;',
    tests: ['test/store/sqlite-open.test.ts'],
    only: 'pragmas',
  },
  {
    name: 'F32: a store whose log is missing is opened all the same',
    file: 'src/store/sqlite/open-database.ts',
    find: '  if (uncleanBefore && !log) {',
    replace: `  if (uncleanBefore && !log && path === '') {`,
    tests: ['test/store/sqlite-open.test.ts'],
  },
  {
    name: 'the end of a call that the store did not take is forgotten',
    file: 'src/delivery/calls.ts',
    find: '      await this.#settleOrRetry(call, delivery);',
    replace: '      await this.#settleOnce(call, { delivery });',
    tests: ['test/delivery/calls.test.ts'],
  },
  {
    name: 'F28: an Idempotency-Key is free again at once',
    file: 'src/store/sqlite/idempotency.ts',
    find: `      if (integer(row['lease_until']) > at) return { outcome: 'busy' };`,
    replace: '',
    tests: [SQLITE],
    only: 'idempotency key',
  },
  {
    name: 'Redis: a command that comes again is done again (attempts, calls)',
    file: 'src/store/redis/lua/include/ops.lua',
    find: `  return at and string.match(ops, '^[^;]*', at + 1)`,
    replace: '  return nil',
    tests: [REDIS_REPLY],
  },
  {
    name: 'Redis: a command that comes again is done again (sends)',
    file: 'src/store/redis/lua/include/once.lua',
    find: `local first = redis.call('GET', KEYS[2])`,
    replace: 'local first = false',
    tests: [REDIS_REPLY],
  },
  {
    name: 'Redis: a command whose client has given up is done all the same',
    file: 'src/store/redis/lua/include/time.lua',
    find: 'now > tonumber(ARGV[1])',
    replace: 'now > math.huge',
    tests: ['test/store/redis-away.test.ts'],
    only: 'hangs',
  },
  {
    name: 'Redis: timers without a lease',
    file: 'src/store/redis/lua/timer-claim.lua',
    find: 'local limit, until_when = tonumber(ARGV[2]), now + ARGV[3]',
    replace: 'local limit, until_when = tonumber(ARGV[2]), now',
    tests: ['test/contract/redis-store.test.ts'],
    only: 'timers',
  },
  {
    name: 'Redis: a wrong guess is not counted',
    file: 'src/store/redis/lua/include/commit-attempt.lua',
    find: `used, remaining = string.format('%d', used + 1), remaining - 1`,
    replace: `if ARGV[at + 2] == ARGV[at + 3] then used, remaining = string.format('%d', used + 1), remaining - 1 end`,
    tests: ['test/contract/redis-store.test.ts'],
    only: 'attemptPin',
  },
  {
    name: 'Redis: the time of the process in place of the server',
    file: 'src/store/redis/script.ts',
    find: '    if (testTime) return `=${this.#testMicros(testTime(), operations)}`;',
    replace:
      '    if (testTime ?? clock) return `=${this.#testMicros(testTime?.() ?? clock.now(), operations)}`;',
    tests: ['test/faults/clock.test.ts'],
    only: 'redis',
  },
  {
    name: 'Redis: a send names words that are not there',
    file: 'src/store/redis/lua/include/commit-create.lua',
    find: `  if missing and (not words or words == '') then return { 'words' } end`,
    replace: '',
    tests: ['test/store/redis-words.test.ts'],
  },
  {
    name: 'Redis: words go while PINs name them',
    file: 'src/store/redis/lua/sweep-pins.lua',
    find: 'forget_words(math.min(oldest,',
    replace: 'forget_words(now + 172800000 + math.min(0,',
    tests: ['test/store/redis-words.test.ts'],
  },
  {
    name: 'Redis: a send that comes again is done again',
    file: 'src/store/redis/lua/include/commit-create.lua',
    find: '  if held[pin_key] then',
    replace: '  if false then',
    tests: [REDIS_REPLY],
  },
  {
    name: 'Redis: an operation that fails keeps half of what it did',
    file: 'src/store/redis/lua/include/commit.lua',
    find: '      undo_all()',
    replace: '',
    tests: ['test/store/redis-group-commit.test.ts'],
  },
];
