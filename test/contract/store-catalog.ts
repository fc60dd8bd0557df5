import { describe, expect, it } from 'vitest';

import { applicationId, newApplication, newTemplate, type Current } from '../support/store-fixtures.ts';
import type { MessageId } from '../../src/domain/types.ts';

export function catalogCases(current: Current): void {
  describe('applications and templates', () => {
    it('come back as they were put, oldest first', async () => {
      const { store } = current();
      const [second, first] = [newApplication(2000), newApplication(1000)];
      await store.putApplication(second);
      await store.putApplication(first);
      expect(await store.getApplication(first.applicationId)).toEqual(first);
      expect(await store.listApplications()).toEqual([first, second]);

      const template = newTemplate(first.applicationId, 10);
      const later = {
        ...newTemplate(first.applicationId, 20),
        speechRate: 0.7,
        regional: { indiaDlt: { principalEntityId: 'x' } },
      };
      await store.putTemplate(later);
      await store.putTemplate(template);
      await store.putTemplate(newTemplate(second.applicationId));
      expect(await store.getTemplate(first.applicationId, later.messageId)).toEqual(later);
      expect(await store.listTemplates(first.applicationId)).toEqual([template, later]);
    });

    it('are replaced whole, and keep their place', async () => {
      const { store } = current();
      const [first, second] = [newApplication(1), newApplication(2)];
      await Promise.all([store.putApplication(first), store.putApplication(second)]);
      const renamed = { ...first, name: "Zoë's shop 🛒", enabled: false, updatedAt: 3 };
      await store.putApplication(renamed);
      expect(await store.listApplications()).toEqual([renamed, second]);

      const template = newTemplate(first.applicationId);
      await store.putTemplate(template);
      const { language: _, ...bare } = template;
      await store.putTemplate(bare);
      expect(await store.getTemplate(first.applicationId, template.messageId)).toEqual(bare);
    });

    it('are undefined or empty where there are none, and a template belongs to its application', async () => {
      const { store } = current();
      const template = newTemplate(applicationId());
      await store.putTemplate(template);
      expect(await store.getApplication(applicationId())).toBeUndefined();
      expect(await store.getTemplate(applicationId(), template.messageId)).toBeUndefined();
      expect(await store.getTemplate(template.applicationId, 'NONE' as MessageId)).toBeUndefined();
      expect(await store.listApplications()).toEqual([]);
      expect(await store.listTemplates(applicationId())).toEqual([]);
    });
  });
}
