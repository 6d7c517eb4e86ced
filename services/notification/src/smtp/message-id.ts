import { createHash } from 'node:crypto';
import type { MailKey } from '../domain/mail.js';

/** Longest Message-ID that the contract of CustomerNotified takes. */
const MAX_LENGTH = 250;

/** Everything that is not plainly an atom's character (RFC 5322) as `=XX`, so that two ids never become one. */
const atom = (text: string): string =>
  text.replace(
    /[^A-Za-z0-9_~-]/g,
    (character) => `=${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );

/**
 * The Message-ID of a mail, the same at every try: by it a mail server's users recognise one that came twice.
 * @param domain the sender's
 */
export const messageIdOf = ({ orderId, shipment, reason }: MailKey, domain: string): string => {
  const readable = `<${atom(orderId)}.${shipment}.${reason}@${domain}>`;
  if (readable.length <= MAX_LENGTH) return readable;
  const digest = createHash('sha256').update(orderId).digest('hex');
  return `<${digest}.${shipment}.${reason}@${domain.slice(-100)}>`;
};
