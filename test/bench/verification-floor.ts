/**
 * The floor beneath a whole verification: the same requests, answers and media frames on the same wires, by bare `node:http` and `ws`, with nothing
 * done. A process of its own, started by verification.ts:
 *
 *   PORT=… TEXTS=<the carrier's URL> CALLS=<the carrier's URL> node test/bench/verification-floor.ts
 */
import { Agent, createServer, request as httpRequest, type IncomingMessage } from 'node:http';

import { WebSocketServer } from 'ws';

/** As much sound as a call of the bench has, in as many pieces as a message with six digits has. */
const PIECES = 7;
const PIECE = Buffer.alloc(9_600, 0xff).toString('base64');
const PIN_ID = '0'.repeat(32);
const REF = '0'.repeat(32);

interface Start {
  readonly streamSid: string;
  readonly start: { readonly callSid: string };
}

const port = Number(process.env['PORT']);
const own = `http://127.0.0.1:${port}`;
const agent = new Agent({ keepAlive: true });
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });

async function bodyOf(message: IncomingMessage): Promise<string> {
  let body = '';
  message.setEncoding('utf8');
  for await (const chunk of message) body += String(chunk);
  return body;
}

/** As the service asks its carrier. */
async function askCarrier(
  base: string | undefined,
  path: string,
  form: Readonly<Record<string, string>>,
): Promise<void> {
  const body = new URLSearchParams(form).toString();
  await new Promise<void>((resolve, reject) => {
    const asked = httpRequest(`${base}/2010-04-01/Accounts/AC${'5'.repeat(32)}${path}`, {
      method: 'POST',
      agent,
      headers: {
        authorization: `Basic ${process.env['CREDENTIALS'] ?? ''}`,
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': Buffer.byteLength(body),
      },
    });
    asked.on('response', answer => void bodyOf(answer).then(() => resolve(), reject));
    asked.on('error', reject);
    asked.end(body);
  });
}

const statusUrl = (kind: string): string => `${own}/carrier-webhooks/twilio/${REF}/${kind}`;

const server = createServer((asked, answered) => {
  void (async () => {
    const { url = '' } = asked;
    const body = await bodyOf(asked);
    if (url.startsWith('/carrier-webhooks/')) {
      if (!url.endsWith('/answer')) answered.writeHead(204).end();
      else answered.setHeader('content-type', 'text/xml; charset=utf-8').end(twiml());
      return;
    }
    const { to = '' } = JSON.parse(body) as { to?: string };
    if (url === '/2fa/2/pin') {
      await askCarrier(process.env['TEXTS'], '/Messages.json', {
        To: `+${to}`,
        From: '+15005550006',
        Body: 'Your code is 123456',
        StatusCallback: statusUrl('text'),
        ValidityPeriod: '600',
      });
    }
    const answer = JSON.stringify(
      url.endsWith('/verify')
        ? { pinId: PIN_ID, msisdn: to, verified: true, attemptsRemaining: 0 }
        : { pinId: PIN_ID, to, smsStatus: 'MESSAGE_SENT' },
    );
    answered.writeHead(200, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-length': Buffer.byteLength(answer),
    });
    answered.end(answer);
    if (url !== '/2fa/2/pin/voice') return;
    await askCarrier(process.env['CALLS'], '/Calls.json', {
      To: `+${to}`,
      From: '+15005550006',
      Url: statusUrl('answer'),
      Method: 'POST',
      StatusCallback: statusUrl('status'),
      StatusCallbackMethod: 'POST',
      Timeout: '45',
      TimeLimit: '600',
    });
  })();
});

server.on('upgrade', (asked, socket, head) => {
  sockets.handleUpgrade(asked, socket, head, media => {
    media.on('error', () => undefined);
    let callSid = '';
    media.on('message', (data: Buffer) => {
      // Frames of sound are not looked into.
      if (data.includes('"event":"start"')) {
        const { streamSid, start } = JSON.parse(data.toString()) as Start;
        ({ callSid } = start);
        for (let piece = 1; piece <= PIECES; piece++) {
          media.send(JSON.stringify({ event: 'media', streamSid, media: { payload: PIECE } }));
          media.send(JSON.stringify({ event: 'mark', streamSid, mark: { name: `m${piece}` } }));
        }
      } else if (data.includes(`"m${PIECES}"`)) {
        void askCarrier(process.env['CALLS'], `/Calls/${callSid}.json`, { Status: 'completed' });
      }
    });
  });
});

function twiml(): string {
  const url = `${own.replace('http', 'ws')}/media/twilio/${'a'.repeat(22)}`;
  return `<?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url="${url}"/></Connect></Response>`;
}

// It does not outlive whoever started it.
process.stdin.on('end', () => process.exit(0)).resume();
server.keepAliveTimeout = 72_000;
server.listen(port, '127.0.0.1', () => process.stdout.write('the floor is ready\n'));
