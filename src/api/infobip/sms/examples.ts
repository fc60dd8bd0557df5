import { delivered, noError } from '../shared/examples.ts';

/** The examples of Infobip's documents (infobip-api.md 5.1 to 5.3): shown at /docs and matched by the tests. */

const TEXT =
  'Toto, I have a feeling we are not in Kansas anymore. Or, as they say: there is no place like home.';

export const sendRequest = {
  messages: [
    {
      sender: 'InfoSMS',
      destinations: [
        { to: '41793026727', messageId: 'MESSAGE-ID-123-xyz', networkId: 0 },
        { to: '41793026834' },
      ],
      content: {
        text: TEXT,
        transliteration: 'TURKISH',
        language: { languageCode: 'TR', singleShift: false, lockingShift: false },
      },
      options: {
        platform: { entityId: 'my-entity', applicationId: 'my-application' },
        validityPeriod: { amount: 720, timeUnit: 'HOURS' },
        deliveryTimeWindow: {
          days: ['MONDAY'],
          from: { hour: 6, minute: 0 },
          to: { hour: 15, minute: 30 },
        },
        campaignReferenceId: 'summersale',
        regional: {},
        flash: false,
      },
      webhooks: {
        delivery: { url: 'https://www.example.com/delivery', intermediateReport: true, notify: true },
        contentType: 'application/json',
        callbackData: 'DLR callback data',
      },
    },
  ],
  options: {
    schedule: {
      bulkId: 'BULK-ID-123-xyz',
      sendAt: '2021-08-24T15:00:00.000+0000',
      sendingSpeedLimit: { amount: 1, timeUnit: 'MINUTE' },
    },
    includeSmsCountInResponse: true,
  },
};

export const sendBinary = {
  messages: [
    {
      sender: 'InfoSMS',
      destinations: [{ to: '41793026727' }],
      content: { dataCoding: 0, esmClass: 0, hex: '54 65 73 74' },
    },
  ],
};

const pending = {
  groupId: 1,
  groupName: 'PENDING',
  id: 26,
  name: 'PENDING_ACCEPTED',
  description: 'Message sent to next instance',
};

export const sendAnswer = {
  bulkId: 'BULK-ID-123-xyz',
  messages: [
    {
      messageId: 'MESSAGE-ID-123-xyz',
      status: pending,
      destination: '41793026727',
      details: { messageCount: 1 },
    },
  ],
};

export const advancedRequest = {
  bulkId: 'BULK-ID-123-xyz',
  messages: [
    {
      from: 'InfoSMS',
      destinations: [{ to: '41793026727', messageId: 'MESSAGE-ID-123-xyz' }, { to: '41793026834' }],
      text: 'Artık Ulusal Dil Tanımlayıcısı ile Türkçe karakterli smslerinizi rahatlıkla iletebilirsiniz.',
      flash: false,
      language: { languageCode: 'TR' },
      transliteration: 'TURKISH',
      intermediateReport: true,
      notifyUrl: 'https://www.example.com/sms/advanced',
      notifyContentType: 'application/json',
      callbackData: 'DLR callback data',
      validityPeriod: 720,
      sendAt: '2021-08-25T16:00:00.000+0000',
      deliveryTimeWindow: {
        days: ['MONDAY', 'TUESDAY'],
        from: { hour: 6, minute: 0 },
        to: { hour: 15, minute: 30 },
      },
      regional: { indiaDlt: { principalEntityId: '1001', contentTemplateId: '2002' } },
      entityId: 'my-entity',
      applicationId: 'my-application',
      campaignReferenceId: 'summersale',
    },
  ],
  sendingSpeedLimit: { amount: 10, timeUnit: 'HOUR' },
  includeSmsCountInResponse: true,
};

export const advancedBinary = {
  messages: [
    {
      from: 'InfoSMS',
      destinations: [{ to: '41793026727' }],
      binary: { hex: '0f c2 4a bf 34 13 ba', dataCoding: 0, esmClass: 0 },
    },
  ],
};

export const advancedAnswer = {
  bulkId: '2034072219640523072',
  messages: [
    {
      messageId: '2250be2d4219-3af1-78856-aabe-1362af1edfd2',
      status: pending,
      to: '41793026727',
      smsCount: 1,
    },
  ],
};

const price = { pricePerMessage: 0.01, currency: 'EUR' };
const platform = { entityId: 'my-entity', applicationId: 'my-application' };

const common = {
  bulkId: 'BULK-ID-123-xyz',
  messageId: 'MESSAGE-ID-123-xyz',
  to: '41793026727',
  sentAt: '2019-11-09T16:00:00.000+0000',
  doneAt: '2019-11-09T16:00:00.000+0000',
  mccMnc: '22801',
  callbackData: 'callbackData',
  price,
  status: delivered,
};

export const reports = {
  results: [
    {
      ...common,
      sender: '41793026700',
      messageCount: 1,
      error: noError,
      platform,
      campaignReferenceId: 'summersale',
    },
  ],
};

export const oldReports = {
  results: [
    {
      ...common,
      from: '41793026700',
      smsCount: 1,
      error: { ...noError, groupName: 'Ok' },
      entityId: 'my-entity',
      applicationId: 'my-application',
    },
  ],
};

const { to: destination, callbackData: _none, ...logged } = common;

export const logs = {
  results: [
    {
      ...logged,
      sender: '41793026700',
      destination,
      messageCount: 1,
      error: noError,
      platform,
      content: { text: 'Hello, your table is ready.' },
      campaignReferenceId: 'summersale',
    },
  ],
  cursor: { limit: 10, nextCursor: '1767225600000.17' },
};

export const oldLogs = {
  results: [
    {
      ...logged,
      to: destination,
      from: '41793026700',
      text: 'Hello, your table is ready.',
      smsCount: 1,
      error: { ...noError, groupName: 'Ok' },
      entityId: 'my-entity',
      applicationId: 'my-application',
      campaignReferenceId: 'summersale',
    },
  ],
};

export const bulk = { bulkId: 'BULK-ID-123-xyz', sendAt: '2021-02-22T17:42:05.390+0000' };
export const rescheduleRequest = { sendAt: '2021-08-25T16:00:00.000+0000' };
export const bulkStatus = { bulkId: 'BULK-ID-123-xyz', status: 'PENDING' };
export const bulkStatusRequest = { status: 'PAUSED' };

export const previewRequest = {
  text: 'Artık Ulusal Dil Tanımlayıcısı ile Türkçe karakterli smslerinizi rahatlıkla iletebilirsiniz.',
  languageCode: 'TR',
  transliteration: 'TURKISH',
};

export const preview = {
  originalText: previewRequest.text,
  previews: [
    { textPreview: previewRequest.text, messageCount: 2, charactersRemaining: 42, configuration: {} },
    {
      textPreview: previewRequest.text,
      messageCount: 1,
      charactersRemaining: 56,
      configuration: { language: { languageCode: 'TR' } },
    },
    {
      textPreview:
        'Artik Ulusal Dil Tanimlayicisi ile Turkce karakterli smslerinizi rahatlikla iletebilirsiniz.',
      messageCount: 1,
      charactersRemaining: 68,
      configuration: { transliteration: 'TURKISH' },
    },
  ],
};

export const inbox = { results: [], messageCount: 0, pendingMessageCount: 0 };
