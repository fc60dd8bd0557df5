import { isEmailTemplate } from '../../domain/email-template.ts';
import { shardOf } from '../../domain/ids.ts';
import type { Application, ApplicationId, EmailTemplate, MessageId, Template } from '../../domain/types.ts';
import type { Store } from '../store.ts';
import type { Reply, ScriptRunner } from './script.ts';

const APPLICATIONS = 'applications';
const templatesOf = (application: ApplicationId) => `templates:${application}`;

type Catalog = Pick<
  Store,
  | 'putApplication'
  | 'getApplication'
  | 'listApplications'
  | 'putTemplate'
  | 'getTemplate'
  | 'putEmailTemplate'
  | 'getEmailTemplate'
  | 'listTemplates'
>;

/** Applications and templates: whole documents, in the order in which they were created. */
export function createCatalog({ scripts }: { scripts: ScriptRunner }): Catalog {
  const put = scripts.mutation('put-document');
  const list = scripts.query('list-documents');

  async function putTemplate(template: Template | EmailTemplate): Promise<void> {
    const { applicationId, messageId } = template;
    const args = [templatesOf(applicationId), messageId, JSON.stringify(template)];
    await put({ shard: shardOf(applicationId), args });
  }

  async function findTemplate(application: ApplicationId, id: MessageId) {
    const found = await scripts.field(shardOf(application), templatesOf(application), id);
    return found === null ? undefined : parseDocument<Template | EmailTemplate>(found).document;
  }

  return {
    async putApplication(application) {
      const { applicationId } = application;
      const args = [APPLICATIONS, applicationId, JSON.stringify(application)];
      await put({ shard: shardOf(applicationId), args });
    },
    async getApplication(id) {
      const found = await scripts.field(shardOf(id), APPLICATIONS, id);
      return found === null ? undefined : parseDocument<Application>(found).document;
    },
    async listApplications() {
      const parts = await Promise.all(scripts.shards.map(shard => list(shard, [APPLICATIONS])));
      return inOrder<Application>(parts.flatMap(part => part as readonly Reply[]));
    },
    putTemplate,
    putEmailTemplate: putTemplate,
    async getTemplate(application, id) {
      const found = await findTemplate(application, id);
      return found && !isEmailTemplate(found) ? found : undefined;
    },
    async getEmailTemplate(application, id) {
      const found = await findTemplate(application, id);
      return found && isEmailTemplate(found) ? found : undefined;
    },
    async listTemplates(application) {
      const found = await list(shardOf(application), [templatesOf(application)]);
      return inOrder<Template | EmailTemplate>(found as readonly Reply[]);
    },
  };
}

export interface Placed<Document> {
  readonly place: number;
  readonly document: Document;
}

export function parseDocument<Document>(reply: Reply): Placed<Document> {
  const text = String(reply);
  const bar = text.indexOf('|');
  return { place: Number(text.slice(0, bar)), document: JSON.parse(text.slice(bar + 1)) as Document };
}

export function inOrder<Document extends { readonly createdAt: number }>(
  replies: readonly Reply[],
): Document[] {
  return replies
    .map(reply => parseDocument<Document>(reply))
    .toSorted((a, b) => a.document.createdAt - b.document.createdAt || a.place - b.place)
    .map(({ document }) => document);
}
