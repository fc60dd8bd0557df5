import { Worker } from 'node:worker_threads';
import type { Helper } from './helper-pool.ts';

/**
 * A worker thread as a helper: one message in, one message out. It does not keep the process alive while idle,
 * and gets none of our environment (it needs no secrets).
 */
export function startWorkerHelper<Request, Reply>(
  script: URL,
  transfer: (request: Request) => ArrayBuffer[] = () => [],
): Helper<Request, Reply> {
  const worker = new Worker(script, { env: {}, stdout: true, stderr: true });
  worker.unref();
  let pending: PromiseWithResolvers<Reply> | undefined;
  let lost: Error | undefined;
  const settle = (): PromiseWithResolvers<Reply> | undefined => {
    const settled = pending;
    pending = undefined;
    worker.unref();
    return settled;
  };
  const lose = (error: Error): void => {
    lost ??= error;
    settle()?.reject(lost);
  };
  worker.on('message', (reply: Reply) => settle()?.resolve(reply));
  worker.on('messageerror', lose);
  worker.on('error', lose);
  worker.on('exit', code => lose(new Error(`the worker exited with ${code}`)));
  return {
    request(request) {
      if (lost) return Promise.reject(lost);
      pending = Promise.withResolvers<Reply>();
      worker.ref();
      worker.postMessage(request, transfer(request));
      return pending.promise;
    },
    async kill() {
      await worker.terminate();
    },
  };
}
