/** One request to the simulator's control API. @throws Error with the simulator's own words */
export async function control<Body = unknown>(method: string, path: string, body?: unknown): Promise<Body> {
  const answer = await fetch(path, {
    method,
    headers: {
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const parsed: unknown = answer.status === 204 ? undefined : await answer.json();
  if (answer.ok) return parsed as Body;
  const { message, field } = parsed as { message?: string; field?: string };
  throw new Error(`${field ? `${field}: ` : ''}${message ?? answer.status}`);
}
