import { delivered, noError } from '../shared/examples.ts';

/** The examples of Infobip's documents (infobip-api.md 5.4): shown at /docs and matched by the tests. */

export const queryRequest = { to: ['41793026727'] };

const olderNoError = { ...noError, groupName: 'Ok' };

export const queryAnswer = {
  results: [
    {
      to: '41793026727',
      mccMnc: '22801',
      imsi: '228011234567890',
      originalNetwork: {
        networkName: 'Swisscom',
        networkPrefix: '79',
        countryName: 'Switzerland',
        countryPrefix: '41',
        networkId: 123,
      },
      ported: false,
      roaming: false,
      servingMSC: '41001',
      status: delivered,
      error: olderNoError,
    },
  ],
  bulkId: 'BULK-ID-123-xyz',
};

export const notifyRequest = {
  to: ['41793026727', '41793026834'],
  notifyUrl: 'https://www.example.com/number/notify',
  notifyContentType: 'application/json',
};

export const notifyAnswer = {
  results: [
    {
      to: '41793026727',
      status: {
        groupId: 1,
        groupName: 'PENDING',
        id: 3,
        name: 'PENDING_WAITING_DELIVERY',
        description: 'Message sent, waiting for delivery report',
      },
      messageId: '2250be2d4219-3af1-78856-aabe-1362af1edfd2',
    },
  ],
  bulkId: 'BULK-ID-123-xyz',
};

export const logs = {
  results: [
    {
      bulkId: 'BULK-ID-123-xyz',
      messageId: '2250be2d4219-3af1-78856-aabe-1362af1edfd2',
      to: '41793026727',
      sentAt: '2019-11-09T16:00:00.000+0000',
      doneAt: '2019-11-09T16:00:00.000+0000',
      mccMnc: '22801',
      price: { pricePerLookup: 0.01, currency: 'EUR' },
      status: delivered,
      error: olderNoError,
    },
  ],
};
