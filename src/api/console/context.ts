import type { FastifyInstance } from 'fastify';

import type { Clock } from '../../clock.ts';
import type { Verifications } from '../../delivery/verifications.ts';
import type { RandomBytes } from '../../domain/ids.ts';
import type { Logger } from '../../log.ts';
import type { MetricsPage } from '../../metrics/metrics.ts';
import type { Speech } from '../../speech/speech.ts';
import type { Authenticator, Principal } from '../auth.ts';
import type { LiveCalls } from './live-calls.ts';
import type { Sessions } from './sessions.ts';

/** A carrier of the configuration, as the console shows it: never its credentials. */
export interface CarrierSummary {
  readonly name: string;
  readonly channels: readonly ('sms' | 'voice' | 'email')[];
  /** Sender of messages that name none. */
  readonly from?: string;
  /** Whether it is taken to be down, by what it is used for. */
  readonly circuits?: readonly {
    readonly use: 'calls' | 'texts' | 'mail';
    readonly state: 'closed' | 'half-open' | 'open';
  }[];
}

export interface ConsoleDeps {
  readonly authenticate: Authenticator;
  readonly verifications: Pick<Verifications, 'list'>;
  readonly speech: Pick<Speech, 'voices' | 'chooseVoice' | 'render'>;
  readonly voice: {
    readonly defaultLanguage: string;
    readonly digitPauseMs: number;
    readonly spelling: 'letters' | 'phonetic';
  };
  /** In the order in which they are asked. */
  readonly carriers: () => readonly CarrierSummary[];
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
  /** Under which browsers may reach us beside the address that they ask for. */
  readonly publicUrl: string;
  readonly version: string;
  /** The simulator's pages, where it stands in for carriers. */
  readonly simulatorUrl?: string | undefined;
  /** What the delivery tells of its dialogues; absent: calls are shown by their state in the store. */
  readonly liveCalls?: LiveCalls;
  /** Counters since the start; absent: none are shown. */
  readonly metrics?: MetricsPage;
}

/** What the routes of this face share. */
export interface Console extends ConsoleDeps {
  readonly sessions: Sessions;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered without a session. */
    open?: boolean;
  }
  interface FastifyRequest {
    /** Of whoever is signed in to the console. */
    console: ConsoleCaller | undefined;
  }
}

export interface ConsoleCaller {
  readonly id: string;
  readonly authorization: string;
  readonly principal: Principal;
}

/** Bodies are text here: what is passed on is passed on as it came. */
export type ConsoleApp = FastifyInstance;

/** A key needs any one of them to see what became of verifications. */
export const SEE = ['2fa:manage', '2fa:pin:send'] as const;
