import { GRANTABLE } from '../api/auth/scopes.ts';
import type { FieldErrors } from '../errors.ts';
import { CliError } from './cli-error.ts';

/** What was wrong with the order, in the words of the command line. */
export function refusal(fields: FieldErrors): CliError {
  const problems = Object.entries(fields).map(([field, messages]) =>
    field.startsWith('scopes')
      ? `there is no such scope; the scopes are ${GRANTABLE.join(', ')}`
      : `the ${field} ${messages.join(', ')}`,
  );
  return new CliError('usage', [...new Set(problems)].join('; '));
}

export function noSuch(what: 'key' | 'user', name: string): CliError {
  return new CliError('notFound', `there is no ${what} "${name}"; see saypin ${what}s list`);
}
