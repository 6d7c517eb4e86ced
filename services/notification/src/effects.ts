import { defineEffect } from '@baton/messaging';
import type { SendResult } from './domain/decide.js';
import type { MailSource, MailKey } from './domain/mail.js';

/**
 * How often a mail is tried before it is given up: pauses of 1, 2, 4 … 256 s and then of 5 min add up to about an hour,
 * as long as the step has by the protocol.
 */
export const MAX_TRIES = 20;

/**
 * Hands a mail to a mail server. The payload names it; address and text are at hand, or read when it is sent. Both are
 * known when it is asked for, and never change.
 */
export const SendMail = defineEffect<MailKey, SendResult, MailSource>('SendMail', {
  // Longer than the SMTP timeouts, so that a slow server's answer is heard instead of asked for twice.
  timeoutMs: 90_000,
  initialBackoffMs: 1_000,
  maxBackoffMs: 300_000,
  concurrency: 64,
});

export const effectKey = ({ orderId, shipment, reason }: MailKey): string => `${orderId}/${shipment}/${reason}`;
