/** The examples of Infobip's documents (infobip-api.md 2.2 to 2.8): shown at /docs and matched by the tests. */

export const applicationRequest = {
  name: 'Test application BASIC 1',
  enabled: true,
  configuration: {
    pinAttempts: 10,
    allowMultiplePinVerifications: true,
    pinTimeToLive: '2h',
    verifyPinLimit: '1/3s',
    sendPinPerApplicationLimit: '10000/1d',
    sendPinPerPhoneNumberLimit: '3/1d',
  },
};

export const application = {
  applicationId: '0933F3BC087D2A617AC6DCB2EF5B8A61',
  name: 'Test application BASIC 1',
  configuration: applicationRequest.configuration,
  enabled: true,
};

export const templateRequest = {
  messageText: 'Your pin is {{pin}}',
  pinType: 'NUMERIC',
  pinLength: 4,
  language: 'en',
  voiceName: 'Joanna',
  senderId: 'Infobip 2FA',
  repeatDTMF: '1#',
  speechRate: 1,
};

export const templateUpdate = { messageText: 'Hello {{firstName}}, your pin is {{pin}}', pinLength: 6 };

export const template = {
  messageId: 'B628A31410306DDB2BFB0D9CF1F3A3FF',
  applicationId: '19F2491982980DBC2C40E1597FD175AB',
  pinPlaceholder: '{{pin}}',
  ...templateRequest,
};

export const sendRequest = {
  applicationId: '19F2491982980DBC2C40E1597FD175AB',
  messageId: 'B628A31410306DDB2BFB0D9CF1F3A3FF',
  from: '41793026700',
  to: '41793026727',
  placeholders: { firstName: 'John' },
};

export const resendRequest = { placeholders: { firstName: 'John' } };

export const sendAnswer = {
  pinId: '9C817C6F8AF3D48F9FE553282AFA2B67',
  to: '41793026727',
  callStatus: 'PENDING_ACCEPTED',
};

export const textAnswer = {
  pinId: '9C817C6F8AF3D48F9FE553282AFA2B67',
  to: '41793026727',
  ncStatus: 'NC_DESTINATION_REACHABLE',
  smsStatus: 'MESSAGE_SENT',
  externalMessageId: '32ddd1a1-9ace-4b99-95c0-add44c3363af',
};

export const emailTemplateRequest = {
  pinType: 'NUMERIC',
  pinLength: 4,
  from: 'company@example.com',
  emailTemplateId: 1234,
  landingPageId: '1_23456',
};

export const emailTemplateUpdate = { ...emailTemplateRequest, pinType: 'ALPHANUMERIC', pinLength: 6 };

export const emailTemplate = {
  messageId: '9C815F8AF3328',
  applicationId: 'HJ675435E3A6EA43432G5F37A635KJ8B',
  pinLength: 4,
  pinType: 'ALPHANUMERIC',
  from: 'company@example.com',
  emailTemplateId: 1234,
  landingPageId: '1_23456',
};

export const emailSendRequest = {
  applicationId: '1234567',
  messageId: '7654321',
  to: 'john.smith@example.com',
  placeholders: { firstName: 'John' },
  landingPagePlaceholders: { name: 'John', surname: 'Smith' },
};

export const emailResendRequest = {
  placeholders: { firstName: 'John' },
  landingPagePlaceholders: { name: 'John', surname: 'Smith' },
};

export const emailSendAnswer = {
  pinId: '9C817C6F8AF3D48F9FE553282AFA2B67',
  to: 'john.smith@example.com',
  emailStatus: { name: 'PENDING_ACCEPTED', description: 'Message accepted, pending for delivery.' },
};

export const verifyRequest = { pin: '1598' };

export const verified = {
  pinId: '9C817C6F8AF3D48F9FE553282AFA2B67',
  msisdn: '41793026727',
  verified: true,
  attemptsRemaining: 0,
};

export const wrongPin = {
  pinId: '9C817C6F8AF3D48F9FE553282AFA2B67',
  msisdn: '41793026727',
  verified: false,
  attemptsRemaining: 9,
  pinError: 'WRONG_PIN',
};

export const verifications = {
  verifications: [
    { msisdn: '41793026727', verified: true, verifiedAt: 1_418_364_366_000, sentAt: 1_418_364_246_000 },
  ],
};
