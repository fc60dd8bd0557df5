import { delivered } from '../shared/examples.ts';

/** The examples of Infobip's documents (infobip-api.md 3): shown at /docs and matched by the tests. */

const voice = { gender: 'female', name: 'Joanna' };

export const single = {
  text: 'Test Voice message.',
  language: 'en',
  voice,
  from: '41793026700',
  to: '41793026727',
};

export const singleAudio = {
  audioFileUrl: 'https://www.example.com/audio/greeting.mp3',
  from: '41793026700',
  to: '41793026727',
};

export const multi = {
  messages: [
    {
      text: 'Test Voice message.',
      language: 'en',
      voice,
      from: '41793026700',
      to: ['41793026727', '41793026731'],
    },
  ],
};

export const advanced = {
  bulkId: 'BULK-ID-123-xyz',
  messages: [
    {
      from: '41793026700',
      destinations: [{ to: '41793026727', messageId: 'MESSAGE-ID-123-xyz' }, { to: '41793026731' }],
      text: 'Test Voice message.',
      language: 'en',
      voice,
      speechRate: 1,
      notifyUrl: 'https://www.example.com/voice/notify',
      notifyContentType: 'application/json',
      callbackData: 'DLR callback data',
      validityPeriod: 720,
      sendAt: '2023-08-10T07:36:42.005+0000',
      repeatDtmf: '123',
      maxDtmf: 1,
      ringTimeout: 45,
      dtmfTimeout: 10,
      callTimeout: 130,
      callTransfers: [
        { callTransferMaxDuration: 45, equals: '2', transferTo: '41793026700', if: 'DTMF' },
        { callTransferMaxDuration: 45, transferTo: '41793026701', if: 'anyDtmf' },
      ],
      pause: 3,
      retry: { minPeriod: 1, maxPeriod: 5, maxCount: 5 },
      sendingSpeed: { speed: 5, timeUnit: 'minute' },
      machineDetection: 'continue',
      deliveryTimeWindow: {
        days: ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'],
        from: { hour: 6, minute: 0 },
        to: { hour: 15, minute: 30 },
      },
    },
  ],
};

export const pin = {
  bulkId: 'BULK-ID-123-xyz',
  messages: [
    {
      from: '41793026700',
      destinations: [{ to: '41793026727' }],
      text: 'Hello, your code is,, 5,, 8,, 4,, 2',
      language: 'en',
      voice,
    },
  ],
};

export const accepted = {
  bulkId: '4fda521a-c680-470d-b134-83d468f7ac80',
  messages: [
    {
      to: '41793026727',
      status: {
        groupId: 1,
        groupName: 'PENDING',
        id: 26,
        name: 'PENDING_ACCEPTED',
        description: 'Message accepted, pending for delivery.',
      },
      messageId: '2250be2d4219-3af1-78856-aabe-1362af1edfd2',
    },
  ],
};

export const voices = {
  voices: [
    {
      name: 'Joanna',
      gender: 'female',
      supplier: 'Amazon',
      ssmlSupported: true,
      isDefault: true,
      isNeural: false,
    },
  ],
};

const bulkId = '5028e2d42f19-42f1-4656-351e-a42c191e5fd2';
export const rescheduleRequest = { sendAt: '2023-09-26T14:07:35.000+0000' };
export const bulk = { bulkId, sendAt: '2023-09-26T14:07:35.000+0000' };
export const bulkStatusRequest = { status: 'PENDING' };
export const bulkStatus = { bulkId, status: 'PENDING' };

const answered = {
  groupId: 0,
  groupName: 'OK',
  id: 5000,
  name: 'VOICE_ANSWERED',
  description: 'Call answered by human',
  permanent: true,
};
const price = { pricePerSecond: 0.01, currency: 'EUR' };

export const reports = {
  results: [
    {
      bulkId: '8c20f086-d82b-48cc-b2b3-3ca5f7aca9fb',
      messageId: 'ff4804ef-6ab6-4abd-984d-ab3b1387e852',
      from: '385333444',
      to: '385981178',
      sentAt: '2018-06-25T13:38:14.730+0000',
      mccMnc: '21901',
      callbackData: 'DLR callback data',
      voiceCall: {
        feature: 'Voice-message',
        startTime: '2018-06-25T13:38:15.000+0000',
        answerTime: '2018-06-25T13:38:25.000+0000',
        endTime: '2018-06-25T13:38:28.316+0000',
        duration: 10,
        chargedDuration: 30,
        fileDuration: 19.3,
        dtmfCodes: '3, 9',
        ivr: null,
      },
      price,
      status: delivered,
      error: answered,
    },
  ],
};

export const flatReports = {
  results: [
    {
      bulkId: '8c20f086-d82b-48cc-b2b3-3ca5f7aca9fb',
      messageId: 'ff4804ef-6ab6-4abd-984d-ab3b1387e852',
      to: '385981178',
      sentAt: '2018-06-25T13:38:14.730+0000',
      doneAt: '2018-06-25T13:38:28.318+0000',
      startTime: '2018-06-25T13:38:15.000+0000',
      endTime: '2018-06-25T13:38:28.316+0000',
      answerTime: '2018-06-25T13:38:25.000+0000',
      duration: 10,
      fileDuration: 19.3,
      mccMnc: '21901',
      callbackData: 'DLR callback data',
      dtmfCodes: '1',
      recordedAudioFileUrl: null,
      scenarioId: null,
      scenarioName: null,
      price,
      status: delivered,
      error: answered,
    },
  ],
};

export const logs = {
  results: [
    {
      bulkId: '06479ba3-5977-47f6-9346-fee0369bc76b',
      messageId: '1f21d8d7-f306-4f53-9f6e-eddfce9849ea',
      to: '41793026727',
      from: '41793026700',
      text: 'Test voice message.',
      sentAt: '2023-08-10T07:36:42.187+0000',
      doneAt: '2023-08-10T07:36:43.194+0000',
      duration: 10,
      mccMnc: '22801',
      price,
      status: delivered,
      error: answered,
    },
  ],
};
