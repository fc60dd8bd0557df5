import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import { api, ApiError } from './api.ts';
import type { Application } from './wire.ts';

export interface Loaded<Value> {
  readonly value: Value | undefined;
  readonly error: ApiError | undefined;
  readonly reload: () => void;
}

/** Loads when `key` changes and, with `everyMs`, again and again while the page is seen. What there was stays until there is more. */
export function useLoad<Value>(
  key: string,
  load: (byItself: boolean) => Promise<Value>,
  everyMs?: number,
): Loaded<Value> {
  const [value, setValue] = useState<Value>();
  const [error, setError] = useState<ApiError>();
  const latest = useRef(load);
  latest.current = load;
  const turn = useRef(0);
  const run = useCallback(async (byItself: boolean): Promise<void> => {
    const mine = ++turn.current;
    try {
      const got = await latest.current(byItself);
      if (mine !== turn.current) return;
      setValue(got);
      setError(undefined);
    } catch (thrown) {
      if (mine === turn.current) setError(asApiError(thrown));
    }
  }, []);
  useEffect(() => {
    setValue(undefined);
    void run(false);
    if (everyMs === undefined) return () => void turn.current++;
    const timer = window.setInterval(() => {
      if (document.visibilityState === 'visible') void run(true);
    }, everyMs);
    return () => {
      clearInterval(timer);
      turn.current++;
    };
  }, [key, everyMs]);
  return { value, error, reload: () => void run(false) };
}

export function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  return new ApiError(0, thrown instanceof Error ? thrown.message : 'Something went wrong.');
}

/** Work that a button starts: whether it runs, and what it was refused with. */
export function useWork(): {
  busy: boolean;
  error: ApiError | undefined;
  run: (work: () => Promise<void>) => Promise<void>;
} {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const run = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await work();
    } catch (thrown) {
      setError(asApiError(thrown));
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, run };
}

/** The list of applications is asked for seldom: Infobip's limit for it is 50 in ten minutes. */
const KEPT_MS = 60_000;
let applications: { at: number; list: Promise<readonly Application[]> } | undefined;

export async function listApplications(): Promise<readonly Application[]> {
  if (!applications || Date.now() - applications.at > KEPT_MS) {
    const list = api<readonly Application[]>('GET', '/2fa/2/applications');
    applications = { at: Date.now(), list };
    list.catch(() => forgetApplications());
  }
  return await applications.list;
}

export function forgetApplications(): void {
  applications = undefined;
}
