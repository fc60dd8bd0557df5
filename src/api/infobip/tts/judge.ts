import type { Outcome } from '../../../domain/message.ts';
import { rejection } from '../../../domain/status.ts';
import { contentTypeOf } from '../shared/content-type.ts';
import { machineDetectionOf, transferOf, type AnyMessage } from './content.ts';

/**
 * What the engine cannot see any more, since it has no form in a SubmitMessage: words without a meaning. The other
 * statuses of registry rows 51 to 91 are the engine's to give (`delivery/messages/admission.ts`).
 */
export function judge(message: AnyMessage): Extract<Outcome, { kind: 'rejected' }> | undefined {
  if (contentTypeOf(message.notifyContentType) === undefined) {
    return rejection('REJECTED_INVALID_NOTIFY_CONTENT_TYPE');
  }
  if (machineDetectionOf(message.machineDetection) === undefined) {
    return rejection('REJECTED_INVALID_MACHINE_DETECTION');
  }
  const transfers = message.callTransfers ?? [];
  if (transfers.some(transfer => transferOf(transfer) === undefined)) {
    return rejection('REJECTED_INVALID_ACTIONS');
  }
  return undefined;
}
