import { parseArgs, styleText } from 'node:util';

import { systemClock } from '../../clock.ts';
import { EXIT } from '../cli-error.ts';
import { localAddress } from '../connect.ts';
import { oneOf, positionals, typed } from '../options.ts';
import { createProgress } from '../progress.ts';
import { isServiceAt, parseJson, send } from '../service-backend.ts';
import { hasColour, type Terminal } from '../terminal.ts';
import { checkSmtp, checkTwilio } from './carriers.ts';
import { checkDataDir } from './data-dir.ts';
import { collect, worst, type Finding, type Findings, type Level } from './finding.ts';
import { checkClock, checkNode, type Witness } from './machine.ts';
import { checkPorts } from './ports.ts';
import { checkPublicUrl } from './public-url.ts';
import { readSettings, type Settings } from './settings.ts';
import { checkRedis, checkSqlite } from './store.ts';
import { checkVoices } from './voices.ts';

const help = `saypin doctor [--json] [--only <check>]...

Looks at everything that Saypin needs here, and says what is wrong and what to do: Node, configuration, DATA_DIR, store or Redis,
ports, voices, carriers (one read), the mail server, PUBLIC_URL (a signed webhook through it), the clock. Run it as the user and
with the environment of the service; it may run or not. Nothing is changed.

  --only <check>   data-dir, store, ports, voices, carriers, public-url; may be repeated. Node, configuration and whether the
                   service runs are always looked at, since the others need them

Ends with 1 when something is broken, with 7 when there are only warnings.
`;

async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals: given } = typed(() =>
    parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true }),
  );
  positionals('doctor', given, []);
  const only = values.only?.map(name => oneOf('--only', name, CHECKS));
  const findings = await examine(terminal, new Set(only ?? CHECKS));
  const status = worst(findings);
  terminal.out(
    values.json
      ? `${JSON.stringify({ status, findings }, null, 2)}\n`
      : report(findings, hasColour(terminal)),
  );
  if (status === 'error') return EXIT.failed;
  return status === 'warning' ? EXIT.warnings : EXIT.done;
}

export const doctor = { help, run };

const OPTIONS = { json: { type: 'boolean' }, only: { type: 'string', multiple: true } } as const;
/** Those that can be asked for; the others are needed by them. */
const CHECKS = ['data-dir', 'store', 'ports', 'voices', 'carriers', 'public-url'] as const;
const ALWAYS = ['node', 'config', 'service'] as const;

type Check = (typeof CHECKS)[number] | (typeof ALWAYS)[number];

const RUNNING_WITHIN_MS = 2_000;

/** Every check, one after the other; one that breaks is a finding itself. */
async function examine(terminal: Terminal, wanted: ReadonlySet<Check>): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  const progress = createProgress(terminal, 'doctor', wanted.size + ALWAYS.length);
  const witnesses: Witness[] = [];
  const clock = systemClock;

  async function check<Result>(
    name: Check,
    work: (findings: Findings) => Result | Promise<Result>,
  ): Promise<Result | undefined> {
    if (!wanted.has(name) && !ALWAYS.some(each => each === name)) return undefined;
    const findings = collect(name, found);
    try {
      return await work(findings);
    } catch (error) {
      findings.error(
        `could not be looked at: ${(error as Error).message}`,
        'run doctor as the user of the service',
      );
      return undefined;
    } finally {
      progress.step(name);
    }
  }

  await check('node', findings => checkNode(process.version, findings));
  const settings = await check('config', findings => readSettings(terminal.environment, findings));
  if (settings) {
    const { config, dataDir, redisUrl, twilio, smtp } = settings;
    const running = (await check('service', async findings => await isRunning(settings, findings))) ?? false;
    await check('data-dir', findings => checkDataDir(dataDir, findings));
    await check('store', async findings => {
      if (redisUrl === undefined) checkSqlite(dataDir, running, findings);
      else witnesses.push(...(await checkRedis(redisUrl, { clock, findings })));
    });
    if (config) {
      await check('ports', async findings => await checkPorts(portsOf(settings, running), findings));
      const languages = [...config.voice.languages, config.voice.defaultLanguage];
      await check('voices', async findings => await checkVoices(languages, { dataDir, clock, findings }));
      await check('carriers', async findings => {
        for (const carrier of twilio) {
          const witness = await checkTwilio(carrier, { clock, findings });
          if (witness) witnesses.push(witness);
        }
        for (const server of smtp) await checkSmtp(server, { clock, findings });
      });
      await check('public-url', async findings => {
        const { publicUrl, host, port } = config;
        const deps = { publicUrl, host, port, carriers: twilio, running, clock, findings };
        const witness = await checkPublicUrl(deps);
        if (witness) witnesses.push(witness);
      });
    }
  }
  progress.end();
  checkClock(witnesses, collect('clock', found));
  return found;
}

/** Whether the service answers here, and how it feels. */
async function isRunning({ environment }: Settings, findings: Findings): Promise<boolean> {
  const url = localAddress(environment);
  // Something else that answers there is what the check of the ports is about.
  if (!(await isServiceAt(url, RUNNING_WITHIN_MS).catch(() => false))) {
    findings.ok(`does not run at ${url}`);
    return false;
  }
  const { status, text } = await send(`${url}/health/ready`, { redirect: 'error' });
  const { reasons = [] } = (parseJson(text) ?? {}) as { reasons?: { part: string; text: string }[] };
  if (status === 200) findings.ok(`runs at ${url}, and is ready`);
  for (const reason of reasons) {
    findings.error(
      `runs at ${url} and is not ready: ${reason.part}, ${reason.text}`,
      'look at its log, and at what is said of the store here',
    );
  }
  return true;
}

function portsOf({ config }: Settings, running: boolean) {
  if (!config || running) return [];
  const { host, port, simulator } = config;
  const ports = [{ host, port, what: 'the service', variable: 'PORT' }];
  if (config.carriers.length > 0) return ports;
  return [
    ...ports,
    { host: simulator.host, port: simulator.port, what: 'the simulator', variable: 'SIM_PORT' },
    { host: simulator.host, port: simulator.smtpPort, what: 'its mailboxes', variable: 'SIM_SMTP_PORT' },
  ];
}

const COLOURS = { ok: 'green', skipped: 'dim', warning: 'yellow', error: 'red' } as const satisfies Record<
  Level,
  Parameters<typeof styleText>[0]
>;

function report(findings: readonly Finding[], colour: boolean): string {
  const paint = (level: Level, text: string): string =>
    colour ? styleText(COLOURS[level], text, { validateStream: false }) : text;
  const lines = findings.map(({ check, level, text, fix }) => {
    const line = `${paint(level, level.padEnd(8))} ${check.padEnd(11)} ${text}`;
    return fix === undefined ? line : `${line}\n${' '.repeat(21)}→ ${fix}`;
  });
  const count = (level: Level): number => findings.filter(each => each.level === level).length;
  const [errors, warnings] = [count('error'), count('warning')];
  const verdict =
    errors + warnings === 0 ? 'Nothing is wrong here.' : `${errors} broken, ${warnings} to improve.`;
  return `${lines.join('\n')}\n\n${verdict}\n`;
}
