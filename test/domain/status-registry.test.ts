import { describe, expect, it } from 'vitest';

import rows from '../../src/domain/status-registry.json' with { type: 'json' };
import { errorRow, REJECTIONS, statusRow } from '../../src/domain/status.ts';

const STATUS_GROUPS = ['ACCEPTED', 'PENDING', 'UNDELIVERABLE', 'DELIVERED', 'EXPIRED', 'REJECTED'];
const ERROR_GROUPS = ['OK', 'HANDSET_ERRORS', 'USER_ERRORS', 'OPERATOR_ERRORS'];
const statuses = rows.filter(row => row.kind === 'status');
const errors = rows.filter(row => row.kind === 'error');

describe('the registry', () => {
  it('has the 252 rows of the reference, each with a sentence', () => {
    expect(rows).toHaveLength(252);
    expect(statuses).toHaveLength(51);
    expect(errors).toHaveLength(201);
    for (const row of rows) expect(row.description, row.name).toMatch(/^[A-Z].{6,}$/);
  });

  it('keeps to the closed enums of SMS v3, in the order of the group ids', () => {
    for (const { id, name, groupId } of statuses) {
      expect(statusRow(id, name, groupId), name).toMatchObject({ id, name, groupId });
      expect(statusRow(id, name, groupId)?.groupName, name).toBe(STATUS_GROUPS[groupId]);
    }
    for (const { id, name } of errors) {
      const error = errorRow(id);
      expect(error?.groupName, name).toBe(ERROR_GROUPS[error?.groupId ?? -1]);
    }
  });

  it('finds every error by its id, with its permanence', () => {
    for (const { id, name, permanent } of errors) {
      expect(errorRow(id), name).toMatchObject({ id, name, permanent });
    }
  });

  it('has exactly the documented keys, so that strict clients take it', () => {
    const keys = ['description', 'groupId', 'groupName', 'id', 'name'];
    for (const { id, name, groupId } of statuses) {
      const found = Object.keys(statusRow(id, name, groupId) ?? {}).filter(key => key !== 'action');
      expect(found.toSorted()).toEqual(keys);
    }
    for (const { id } of errors) {
      expect(Object.keys(errorRow(id) ?? {}).toSorted()).toEqual([...keys, 'permanent'].toSorted());
    }
  });

  it.each([
    [87, undefined, undefined, 4, 'SIGNALS_BLOCKED'],
    [87, 'SIGNALS_BLOCKED', 5, 5, 'SIGNALS_BLOCKED'],
    [87, 'REJECTED_INVALID_DELIVERY_TIME_WINDOW', undefined, 5, 'REJECTED_INVALID_DELIVERY_TIME_WINDOW'],
    [99, undefined, undefined, 5, 'REJECTED'],
  ])('tells the three rows of id 87 apart: %s %s %s', (id, name, group, groupId, found) => {
    expect(statusRow(id, name, group)).toMatchObject({ id, groupId, name: found });
  });

  it.each([
    [5, 'Message delivered to handset'],
    [26, 'Message accepted, pending for delivery.'],
    [3, 'Message sent, waiting for delivery report'],
  ])('has the documented sentence of status %s', (id, description) => {
    expect(statusRow(id)?.description).toBe(description);
  });

  it('has the documented "No Error" and 5000', () => {
    expect(errorRow(0)).toEqual({
      groupId: 0,
      groupName: 'OK',
      id: 0,
      name: 'NO_ERROR',
      description: 'No Error',
      permanent: false,
    });
    expect(errorRow(5000)).toEqual({
      groupId: 0,
      groupName: 'OK',
      id: 5000,
      name: 'VOICE_ANSWERED',
      description: 'Call answered by human',
      permanent: true,
    });
  });

  it.each([
    [-1, undefined],
    [1, undefined],
    [26, 'REJECTED'],
    [88, undefined],
    [Number.NaN, undefined],
  ])('does not know %s %s', (id, name) => {
    expect(statusRow(id, name)).toBeUndefined();
  });

  it('knows every rejection that we give, in group 5', () => {
    for (const [name, id] of Object.entries(REJECTIONS)) {
      expect(statusRow(id, name, 5), name).toMatchObject({ id, name, groupName: 'REJECTED' });
    }
  });

  it('tells the customer what to do about a rejection, and nothing otherwise', () => {
    for (const { groupId, id, name } of statuses) {
      const { action } = statusRow(id, name, groupId) ?? {};
      // 99 is what the called person did.
      expect(action !== undefined, `${id} ${name}`).toBe(groupId === 5 && id !== 99);
    }
  });
});
