import { CliError } from './cli-error.ts';

/** Small readers of what was typed. All of them throw CliError usage. */

export function usage(message: string): CliError {
  return new CliError('usage', `${message}; see saypin --help`);
}

/** Runs `parseArgs`: what it has against the arguments is how they were typed. */
export function typed<Parsed>(parse: () => Parsed): Parsed {
  try {
    return parse();
  } catch (error) {
    // Its text quotes options, and never the value of one.
    throw usage((error as Error).message.split('\n', 1)[0]!);
  }
}

export function oneOf<Value extends string>(name: string, text: string, values: readonly Value[]): Value {
  const found = values.find(value => value === text);
  if (found === undefined) throw usage(`${name} must be one of ${values.join(', ')}`);
  return found;
}

export function numberWithin(name: string, text: string, min: number, max: number): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value >= min && value <= max)) throw usage(`${name} must be a number from ${min} to ${max}`);
  return value;
}

/** `name=value` items to a record. */
export function placeholders(items: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    items.map(item => {
      const equals = item.indexOf('=');
      const name = item.slice(0, equals).trim();
      if (equals < 1 || name === '') throw usage('--var must be name=value');
      if (name.toLowerCase() === 'pin') throw usage('--var cannot be pin: --pin is');
      return [name, item.slice(equals + 1)] as const;
    }),
  );
}

/** @throws CliError usage, unless there are as many as are wanted */
export function positionals(
  command: string,
  given: readonly string[],
  names: readonly string[],
  optional = 0,
): readonly string[] {
  if (given.length > names.length) throw usage(`"${command}" takes ${names.join(' and ') || 'nothing more'}`);
  const missing = names[given.length];
  if (missing !== undefined && given.length < names.length - optional)
    throw usage(`"${command}" needs ${missing}`);
  return given;
}

/** Of a service: http or https, without a name and password in it, and without a slash at the end. Undefined: not given. */
export function baseUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) throw usage('--url must be an http or https URL');
  if (url.username !== '' || url.password !== '') throw usage('--url must have no name and password in it');
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}
