import type { z } from 'zod';

/** A configuration that cannot be used; the message names every variable or path that is wrong. */
export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(`configuration: ${problems.join('; ')}`);
    this.name = 'ConfigError';
  }
}

/** What a schema makes of a value. @param where for a problem of the whole @throws ConfigError naming every path that is wrong */
export function check<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  where: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ConfigError(
    result.error.issues.map(
      issue => `${issue.path.length > 0 ? issue.path.join('.') : where}: ${issue.message}`,
    ),
  );
}
