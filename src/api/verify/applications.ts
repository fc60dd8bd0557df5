import { DEFAULT_CONFIGURATION } from '../../domain/limits.ts';
import type { Application, ApplicationId, MessageId, Template } from '../../domain/types.ts';
import { fieldError, ServiceError } from '../../errors.ts';
import type { VerifyDeps } from './context.ts';

/** For requests that name no application. An operator can change it as any other, through Infobip's face. */
export const DEFAULT_APPLICATION_ID = '0'.repeat(32) as ApplicationId;

type Deps = Pick<VerifyDeps, 'store' | 'clock'>;

/** The built-in one is made on first use. Undefined: there is none of this id. */
export async function findApplication(
  { store, clock }: Deps,
  id: string = DEFAULT_APPLICATION_ID,
): Promise<Application | undefined> {
  const found = await store.getApplication(id as ApplicationId);
  if (found || id !== DEFAULT_APPLICATION_ID) return found;
  const now = clock.now();
  const made: Application = {
    applicationId: DEFAULT_APPLICATION_ID,
    name: 'Default',
    enabled: true,
    configuration: DEFAULT_CONFIGURATION,
    createdAt: now,
    updatedAt: now,
  };
  await store.putApplication(made);
  return made;
}

/** For a body that names it. @throws ServiceError badRequest, naming the field; forbidden when it is switched off */
export async function requireEnabled(deps: Deps, id: string | undefined): Promise<Application> {
  const application = await findApplication(deps, id);
  if (!application) throw fieldError('applicationId', 'no such application');
  assertEnabled(application);
  return application;
}

/** For sends; what was sent can still be checked and cancelled. @throws ServiceError forbidden */
export function assertEnabled({ enabled }: Application): void {
  if (!enabled) throw new ServiceError('forbidden', { reason: 'application-disabled' });
}

/** For a path that names it. @throws ServiceError notFound */
export async function requireApplication(deps: Deps, id: string): Promise<Application> {
  const application = await findApplication(deps, id);
  if (!application) throw new ServiceError('notFound');
  return application;
}

/** For a path that names it. @throws ServiceError notFound, also for a message of e-mail */
export async function requireTemplate(
  { store }: Deps,
  { applicationId }: Application,
  id: string,
): Promise<Template> {
  const template = await store.getTemplate(applicationId, id as MessageId);
  if (!template) throw new ServiceError('notFound');
  return template;
}
