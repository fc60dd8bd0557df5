import type { Service } from '../support/service.ts';

/** What a verify was answered; `lost` when the service died before it answered. */
export type Guess = 'verified' | 'WRONG_PIN' | 'NO_MORE_PIN_ATTEMPTS' | 'lost' | `http ${number}`;

/** `count` verifications of one PIN at once. */
export async function guess(service: Service, pinId: string, pin: string, count: number): Promise<Guess[]> {
  return await Promise.all(
    Array.from({ length: count }, async (): Promise<Guess> => {
      try {
        const { status, body } = await service.api<{ verified?: boolean; pinError?: Guess }>(
          'POST',
          `/2fa/2/pin/${pinId}/verify`,
          { pin },
        );
        if (status !== 200) return `http ${status}`;
        return body.verified ? 'verified' : (body.pinError ?? 'lost');
      } catch {
        return 'lost';
      }
    }),
  );
}

export function tally(guesses: readonly Guess[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const one of guesses) counts[one] = (counts[one] ?? 0) + 1;
  return counts;
}
