export { twilioConfig, type TwilioConfig, type TwilioConfigInput } from './config.ts';
export { createTwilioTexts } from './text.ts';
export { createTwilioCarrier } from './twilio.ts';
export { twilioVoice, TWILIO_LANGUAGES, type TwilioVoice } from './voices.ts';
