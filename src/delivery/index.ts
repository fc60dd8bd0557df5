export type { SentPin, VoiceDelivery, WebhookKind } from './delivery.ts';
export type { Counted, Route, VoiceDefaults, VoiceDeliveryDeps } from './context.ts';
export { createVoiceDelivery, type StartableVoiceDelivery } from './voice-delivery.ts';
