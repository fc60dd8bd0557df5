/** What the command ends with; documented in its help. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  unreachable: 4,
  notAllowed: 5,
  /** verify: the PIN is not right, or not any more. */
  notVerified: 6,
  /** doctor: nothing is broken, and something is not as it should be. */
  warnings: 7,
} as const;

/** Why a command came to nothing, in words that say what to do. */
export class CliError extends Error {
  readonly exit: (typeof EXIT)[keyof typeof EXIT];

  constructor(exit: keyof typeof EXIT, message: string) {
    super(message);
    this.name = 'CliError';
    this.exit = EXIT[exit];
  }
}
