/** Why the store was not opened, or is not ready: the reason and what to do, in a line for the operator. */
export class RedisOpenError extends Error {
  constructor(reason: string, cause?: unknown) {
    super(`cannot use the Redis store: ${reason.replaceAll(/\s+/g, ' ')}`, { cause });
    this.name = 'RedisOpenError';
  }
}
