import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { signature } from '../../sip-sim/signature.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A server on a free port of 127.0.0.1 whose requests are answered once all of their body is there. */
export async function bodyServer(answer: Answer): Promise<Server> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', chunk => (body += String(chunk)));
    request.on('end', () => answer(request, response, body));
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

export function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

/** An entry of `carriers` in SAYPIN_CONFIG, for a carrier that speaks Twilio's wire at `baseUrl`. */
export function twilioEntry(carrier: { accountSid: string; authToken: string; baseUrl: string }) {
  const { accountSid, authToken, baseUrl } = carrier;
  return { type: 'twilio', accountSid, authToken, mode: 'media', from: '+15005550006', baseUrl };
}

/** A form POST as Twilio sends its callbacks. @param signed instead of the right signature */
export function signedForm(
  authToken: string,
  url: string,
  parameters: Readonly<Record<string, string>>,
  signed?: string,
): { headers: Record<string, string>; body: string } {
  const form = new URLSearchParams(parameters);
  return {
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': signed ?? signature(authToken, url, form),
    },
    body: form.toString(),
  };
}
