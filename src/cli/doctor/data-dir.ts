import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

import type { Findings } from './finding.ts';

const SECRET_FILES = ['api-key', 'master-key', 'webhook-secret', 'sim-auth-token', 'saypin.db'];
const MEBIBYTE = 1024 * 1024;
/** Below it a day of traffic may fill the disk, and a full disk refuses sends. */
const LOW_BYTES = 1024 * MEBIBYTE;
const LEAST_BYTES = 200 * MEBIBYTE;

/** DATA_DIR: whose it is, who may read it, and how much room there is. */
export function checkDataDir(dataDir: string, findings: Findings): void {
  const path = resolve(dataDir);
  if (!existsSync(path)) {
    const parent = existing(path);
    if (!isAllowed(parent, constants.W_OK)) {
      findings.error(
        `${path} is not there, and ${parent} cannot be written by this user`,
        `make it for the user of the service: install -d -m 700 -o <user> ${path}, or set DATA_DIR`,
      );
      return;
    }
    findings.ok(`${path} will be made at the first start`);
    checkSpace(parent, findings);
    return;
  }
  const info = statSync(path);
  if (!info.isDirectory()) {
    findings.error(`${path} is not a directory`, 'set DATA_DIR to a directory');
    return;
  }
  const mode = (info.mode & 0o777).toString(8);
  if ((info.mode & 0o022) !== 0) {
    findings.error(`others may write in ${path} (mode ${mode})`, `take it from them: chmod 700 ${path}`);
  } else if ((info.mode & 0o077) !== 0) {
    findings.warning(`others may look into ${path} (mode ${mode})`, `take it from them: chmod 700 ${path}`);
  }
  if (!isAllowed(path, constants.R_OK | constants.W_OK | constants.X_OK)) {
    findings.error(
      `this user (uid ${process.getuid?.() ?? '?'}) may not write in ${path}, which belongs to uid ${info.uid}`,
      `run as that user, or give it to this one: chown -R ${process.getuid?.() ?? '<user>'} ${path}`,
    );
  } else {
    findings.ok(`${path}, mode ${mode}`);
  }
  for (const name of SECRET_FILES) checkSecretFile(join(path, name), findings);
  checkSpace(path, findings);
}

function checkSecretFile(path: string, findings: Findings): void {
  if (!existsSync(path)) return;
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o077) !== 0) {
    findings.error(
      `others may read ${path} (mode ${mode.toString(8)})`,
      `chmod 600 ${path}, and change what is in it if others were here`,
    );
  } else if (!isAllowed(path, constants.R_OK)) {
    findings.error(
      `this user may not read ${path}`,
      'run as the user of the service, or chown it to this one',
    );
  }
}

function checkSpace(path: string, findings: Findings): void {
  const { bavail, bsize, ffree, files } = statfsSync(path);
  const bytes = bavail * bsize;
  const text = `${Math.floor(bytes / MEBIBYTE)} MiB are free on the disk of ${path}`;
  const fix =
    'make room, or set DATA_DIR to another disk; retentionDays in the configuration bounds what is kept';
  if (bytes < LEAST_BYTES) findings.error(text, fix);
  else if (bytes < LOW_BYTES) findings.warning(text, fix);
  else findings.ok(text);
  if (files > 0 && ffree < 1_000) findings.error(`only ${ffree} more files fit on the disk of ${path}`, fix);
}

function existing(path: string): string {
  return existsSync(path) ? path : existing(join(path, '..'));
}

function isAllowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
