import { isDeepStrictEqual } from 'node:util';

import { CliError } from '../cli-error.ts';
import { contentOf } from './catalog-api.ts';
import {
  DEFAULT_APPLICATION,
  isEmail,
  type ExportDocument,
  type ExportedApplication,
  type ExportedMessage,
  type IdMap,
} from './document.ts';

/** One thing to do, or (`unchanged`) not to do. `changes` names the fields. */
export interface Action {
  readonly what: 'application' | 'message';
  readonly does: 'create' | 'update' | 'unchanged';
  /** In the file. */
  readonly id: string;
  /** In the service; undefined: it is to be made. */
  readonly target: string | undefined;
  readonly label: string;
  readonly changes: readonly string[];
  /** Set there and not in the file: the API has no way to take it away. */
  readonly kept: readonly string[];
  readonly deliveryChanges: boolean;
}

export interface ApplicationPlan {
  readonly action: Action;
  readonly wanted: ExportedApplication;
  readonly messages: readonly { readonly action: Action; readonly wanted: ExportedMessage }[];
}

/**
 * What is to be done so that `there` becomes like `file`. Nothing is ever removed. Ids are given by the service, so that a record
 * of the file is found again by (in this order) the map of an earlier import, its own id, and what it is: an application by its
 * name, a message by its content. @throws CliError failed where a name is several applications'
 */
export function planImport(
  file: ExportDocument,
  there: ExportDocument,
  map: IdMap,
): readonly ApplicationPlan[] {
  const takenApplications = new Set<string>();
  return file.applications.map(wanted => {
    const found = findApplication(wanted, there.applications, map, takenApplications);
    if (found) takenApplications.add(found.applicationId);
    const taken = new Set<string>();
    const messages = wanted.messages.map(message => {
      const match = findMessage(message, found?.messages ?? [], map, taken);
      if (match) taken.add(match.messageId);
      return { action: messageAction(message, match), wanted: message };
    });
    return { action: applicationAction(wanted, found), wanted, messages };
  });
}

function findApplication(
  wanted: ExportedApplication,
  there: readonly ExportedApplication[],
  map: IdMap,
  taken: ReadonlySet<string>,
): ExportedApplication | undefined {
  const free = there.filter(({ applicationId }) => !taken.has(applicationId));
  const byId = (id: string | undefined): ExportedApplication | undefined =>
    free.find(({ applicationId }) => applicationId === id);
  const known = byId(map[wanted.applicationId]) ?? byId(wanted.applicationId);
  if (known || wanted.applicationId === DEFAULT_APPLICATION) return known;
  const named = free.filter(({ name }) => name === wanted.name);
  const same = named.find(
    each => isDeepStrictEqual(each.configuration, wanted.configuration) && each.enabled === wanted.enabled,
  );
  if (!same && named.length > 1) {
    throw new CliError(
      'failed',
      `the service has ${named.length} applications named ${JSON.stringify(wanted.name)}: say with --map which one is ` +
        wanted.applicationId,
    );
  }
  return same ?? named[0];
}

function findMessage(
  wanted: ExportedMessage,
  there: readonly ExportedMessage[],
  map: IdMap,
  taken: ReadonlySet<string>,
): ExportedMessage | undefined {
  const free = there.filter(each => !taken.has(each.messageId) && isEmail(each) === isEmail(wanted));
  const byId = (id: string | undefined): ExportedMessage | undefined =>
    free.find(({ messageId }) => messageId === id);
  return (
    byId(map[wanted.messageId]) ??
    byId(wanted.messageId) ??
    free.find(each => isDeepStrictEqual(contentOf(each), contentOf(wanted)))
  );
}

function applicationAction(wanted: ExportedApplication, found: ExportedApplication | undefined): Action {
  const flat = ({ name, enabled, configuration }: ExportedApplication): Record<string, unknown> => ({
    name,
    enabled,
    ...configuration,
  });
  return action('application', wanted.applicationId, wanted.name, found?.applicationId, {
    wanted: flat(wanted),
    found: found && flat(found),
    deliveryChanges: deliveryDiffers(wanted, found),
  });
}

function messageAction(wanted: ExportedMessage, found: ExportedMessage | undefined): Action {
  const label = isEmail(wanted) ? `e-mail ${wanted.emailTemplateId}` : wanted.messageText;
  return action('message', wanted.messageId, label, found?.messageId, {
    wanted: contentOf(wanted),
    found: found && contentOf(found),
    deliveryChanges:
      !isEmail(wanted) && deliveryDiffers(wanted, found && !isEmail(found) ? found : undefined),
  });
}

function action(
  what: Action['what'],
  id: string,
  label: string,
  target: string | undefined,
  compared: {
    wanted: Readonly<Record<string, unknown>>;
    found: Readonly<Record<string, unknown>> | undefined;
    deliveryChanges: boolean;
  },
): Action {
  const { wanted, found, deliveryChanges } = compared;
  if (!found) return { what, does: 'create', id, target, label, changes: [], kept: [], deliveryChanges };
  const changes = Object.keys(wanted).filter(name => !isDeepStrictEqual(wanted[name], found[name]));
  const kept = Object.keys(found).filter(name => found[name] !== undefined && wanted[name] === undefined);
  const does = changes.length > 0 || deliveryChanges ? 'update' : 'unchanged';
  return { what, does, id, target, label, changes, kept, deliveryChanges };
}

function deliveryDiffers(
  wanted: { readonly delivery?: unknown },
  found: { readonly delivery?: unknown } | undefined,
): boolean {
  return wanted.delivery !== undefined && !isDeepStrictEqual(wanted.delivery, found?.delivery ?? null);
}
