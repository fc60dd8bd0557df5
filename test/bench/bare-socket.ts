import { createServer } from 'node:http';

import { WebSocketServer } from 'ws';

/**
 * The floor for first-audio.ts: what the same two exchanges cost with nothing behind them. Answers every POST with a
 * fixed document and every `start` with one media message of the size given; prints its port.
 */
const payload = Buffer.alloc(Number(process.argv[2] ?? 8_000), 0x55).toString('base64');
const message = JSON.stringify({ event: 'media', streamSid: 'MZ', media: { payload } });

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    const { port } = server.address() as { port: number };
    response.setHeader('content-type', 'text/xml');
    response.end(`<Response><Connect><Stream url="ws://127.0.0.1:${port}/media/x"/></Connect></Response>`);
  });
});
new WebSocketServer({ server }).on('connection', socket => {
  socket.on('message', (data: Buffer) => {
    if (data.includes('"start"')) socket.send(message);
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as { port: number }).port}\n`);
});
process.on('disconnect', () => process.exit(0));
