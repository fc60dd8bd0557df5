import type { DatabaseSync } from 'node:sqlite';

import type { Application, ApplicationId, EmailTemplate, MessageId, Template } from '../../domain/types.ts';
import { text } from './rows.ts';

/** Applications and templates: whole documents, in the order in which they were created. */
export function createCatalog(db: DatabaseSync) {
  const putApplication = db.prepare(`
    INSERT INTO application (application_id, created_at, data) VALUES (?, ?, ?)
    ON CONFLICT (application_id) DO UPDATE SET created_at = excluded.created_at, data = excluded.data`);
  const getApplication = db.prepare('SELECT data FROM application WHERE application_id = ?');
  const listApplications = db.prepare('SELECT data FROM application ORDER BY created_at, seq');
  const putTemplate = db.prepare(`
    INSERT INTO template (application_id, message_id, created_at, data) VALUES (?, ?, ?, ?)
    ON CONFLICT (application_id, message_id) DO UPDATE SET created_at = excluded.created_at, data = excluded.data`);
  const getTemplate = db.prepare('SELECT data FROM template WHERE application_id = ? AND message_id = ?');
  const listTemplates = db.prepare(
    'SELECT data FROM template WHERE application_id = ? ORDER BY created_at, seq',
  );

  return {
    putApplication(application: Application): void {
      putApplication.run(application.applicationId, application.createdAt, JSON.stringify(application));
    },
    getApplication(id: ApplicationId): Application | undefined {
      const row = getApplication.get(id);
      return row && (JSON.parse(text(row['data'])) as Application);
    },
    listApplications(): Application[] {
      return listApplications.all().map(row => JSON.parse(text(row['data'])) as Application);
    },
    putTemplate(template: Template | EmailTemplate): void {
      const { applicationId, messageId, createdAt } = template;
      putTemplate.run(applicationId, messageId, createdAt, JSON.stringify(template));
    },
    getTemplate(application: ApplicationId, id: MessageId): Template | EmailTemplate | undefined {
      const row = getTemplate.get(application, id);
      return row && (JSON.parse(text(row['data'])) as Template | EmailTemplate);
    },
    listTemplates(application: ApplicationId): (Template | EmailTemplate)[] {
      return listTemplates
        .all(application)
        .map(row => JSON.parse(text(row['data'])) as Template | EmailTemplate);
    },
  };
}
