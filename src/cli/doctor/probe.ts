import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

import type { TwilioConfig } from '../../carriers/twilio/index.ts';
import { signTwilio, verifyTwilioSignature } from '../../carriers/twilio/signature.ts';

/** What the probe answers with: `nonce` proves that it was reached, `signed` that nothing was changed on the way. */
export interface ProbeAnswer {
  readonly nonce: string;
  readonly signed?: boolean;
}

export interface Probe {
  readonly nonce: string;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 64 * 1024;

/**
 * Stands where the service would, while it does not run, so that PUBLIC_URL can be tried before the first start.
 * Undefined: the port cannot be had.
 */
export async function startProbe(listening: {
  host: string;
  port: number;
  publicUrl: string;
  carriers: readonly TwilioConfig[];
}): Promise<Probe | undefined> {
  const { host, port, publicUrl, carriers } = listening;
  const nonce = randomBytes(16).toString('hex');
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) request.destroy();
      else chunks.push(chunk);
    });
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const carrier = carriers.find(({ name }) => url.startsWith(`/carrier-webhooks/${name}/`));
      const raw = { method, url: publicUrl + url, headers, rawBody: Buffer.concat(chunks) };
      const answer: ProbeAnswer = {
        nonce,
        ...(carrier && { signed: verifyTwilioSignature(carrier.authToken, raw) }),
      };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answer));
    });
  });
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
  } catch {
    return undefined;
  }
  return {
    nonce,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** A status webhook of a call that nobody knows, signed as Twilio signs. */
export function signedWebhook(publicUrl: string, carrier: TwilioConfig): { url: string; init: RequestInit } {
  const ref = randomBytes(16).toString('hex');
  const url = `${publicUrl}/carrier-webhooks/${carrier.name}/${ref}/status`;
  const fields = {
    AccountSid: carrier.accountSid,
    CallSid: `CA${randomBytes(16).toString('hex')}`,
    CallStatus: 'initiated',
  };
  const text = Object.entries(fields)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => name + value)
    .join('');
  return {
    url,
    init: {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-twilio-signature': signTwilio(carrier.authToken, url + text),
      },
      body: new URLSearchParams(fields).toString(),
    },
  };
}
