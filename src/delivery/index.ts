export type { PinMessaging, SentMail, SentPin, SentText, VoiceDelivery, WebhookKind } from './delivery.ts';
export type {
  Counted,
  EmailText,
  MailDeps,
  Route,
  TextDeps,
  TextRoute,
  VoiceDefaults,
  VoiceDeliveryDeps,
} from './context.ts';
export { createVoiceDelivery, type StartableVoiceDelivery } from './voice-delivery.ts';
