import type { KeyView, UserView } from '../api/auth/access-schemas.ts';

export function keyTable(keys: readonly KeyView[]): string {
  return table(
    ['ID', 'NAME', 'SCOPES', 'MADE', 'LAST USED', 'REVOKED'],
    keys.map(({ id, name, scopes, createdAt, lastUsedAt, revokedAt }) => [
      id,
      printable(name),
      scopes.join(' '),
      minute(createdAt),
      minute(lastUsedAt),
      minute(revokedAt),
    ]),
  );
}

export function userTable(users: readonly UserView[]): string {
  return table(
    ['USERNAME', 'SCOPES', 'MADE'],
    users.map(({ username, scopes, createdAt }) => [username, scopes.join(' '), minute(createdAt)]),
  );
}

/** A name comes from a caller: it must not steer the terminal. */
export function printable(name: string): string {
  return name.replaceAll(/\p{C}/gu, '?');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map(line => line[column]!.length)));
  return lines
    .map(
      line =>
        `${line
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** `2026-11-21 09:30Z` of an ISO date. */
function minute(at: string | null): string {
  return at === null ? '-' : `${at.slice(0, 10)} ${at.slice(11, 16)}Z`;
}
