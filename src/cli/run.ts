import packageJson from '../../package.json' with { type: 'json' };
import { CliError, EXIT } from './cli-error.ts';
import { EXIT_CODES, OVERVIEW } from './help.ts';
import { usage } from './options.ts';
import type { Terminal } from './terminal.ts';

export type { Terminal } from './terminal.ts';

type Run = (argv: readonly string[], terminal: Terminal) => Promise<number>;

interface Command {
  readonly help: string;
  readonly run: Run;
}

/** Each loaded when it is wanted: `keys list` waits for no speech engine. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => await import('./start.ts').then(({ serve }) => serve),
  sim: async () => await import('./start.ts').then(({ sim }) => sim),
  demo: async () => await import('./start.ts').then(({ demo }) => demo),
  say: async () => await import('./say/say.ts').then(({ say }) => say),
  send: async () => await import('./send.ts').then(({ send }) => send),
  verify: async () => await import('./verify.ts').then(({ verify }) => verify),
  export: async () => await import('./transfer/export.ts').then(({ exportCommand }) => exportCommand),
  import: async () => await import('./transfer/import.ts').then(({ importCommand }) => importCommand),
  doctor: async () => await import('./doctor/doctor.ts').then(({ doctor }) => doctor),
};

/** One command, from its arguments to its exit code. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await dispatch(argv, terminal);
  } catch (error) {
    terminal.error(`saypin: ${error instanceof CliError ? error.message : String(error)}\n`);
    return error instanceof CliError ? error.exit : EXIT.failed;
  }
}

async function dispatch(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [first = 'help', ...rest] = argv;
  if (first === '--version') {
    terminal.out(`${packageJson.version}\n`);
    return EXIT.done;
  }
  const command = Object.hasOwn(COMMANDS, first) ? await COMMANDS[first]!() : undefined;
  if (isHelp(first) || rest.some(isHelpOption)) {
    terminal.out(command ? `${command.help}\n${EXIT_CODES}` : OVERVIEW);
    return EXIT.done;
  }
  if (command) return await command.run(rest, terminal);
  if (first === 'keys' || first === 'users') {
    const { runAccess } = await import('./access.ts');
    return await runAccess(argv, terminal);
  }
  throw usage(`there is no command "${argv.slice(0, 2).join(' ')}"`);
}

function isHelp(text: string): boolean {
  return text === 'help' || isHelpOption(text);
}

function isHelpOption(text: string): boolean {
  return text === '--help' || text === '-h';
}
