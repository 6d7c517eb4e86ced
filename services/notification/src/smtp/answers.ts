import { isTelling, strike } from '@baton/service-kit';

/** The part of a nodemailer error that says what the mail server answered, and to what. */
export interface SmtpError {
  readonly message: string;
  readonly code?: string;
  /** The server's reply code, when it gave one. */
  readonly responseCode?: number;
  readonly command?: string;
}

/** Commands that are about this mail; a refusal of others (greeting, login, TLS) is about the connection. */
const aboutTheMail = new Set(['MAIL FROM', 'RCPT TO', 'DATA', 'API']);

/**
 * Replies by which a server says, to whatever command, that the session is wrong: unknown or out of sequence, or login
 * or TLS is missing (RFC 4954, RFC 3207). Every mail would get the same, until somebody mends the settings.
 */
const aboutTheSession = new Set([500, 502, 503, 504, 530, 534, 535, 538]);

/** True when the server refused this mail for good (RFC 5321, 5yz), so that another try would end the same way. */
export const isRefusal = ({ responseCode = 0, command = '' }: SmtpError): boolean =>
  responseCode >= 500 && responseCode < 600 && !aboutTheSession.has(responseCode) && aboutTheMail.has(command);

/** How much of a server's words is looked at; the first expression takes the square of it. */
const MAX_WORDS = 2_000;

/**
 * A server's words without the addresses in them, and whatever else names the customer, which go into no log and no
 * event; at most 500 characters.
 */
export const withoutAddresses = (text: string, customer?: { readonly name: string; readonly email: string }): string =>
  withoutNames(text.slice(0, MAX_WORDS), customer)
    .replace(/<?[^\s<>"]+@[^\s<>"]+>?/g, '<address>')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .toWellFormed()
    .slice(0, 500)
    .toWellFormed() || 'no words';

const withoutNames = (text: string, customer?: { readonly name: string; readonly email: string }): string => {
  const name = customer?.name.normalize('NFC') ?? '';
  const email = customer?.email ?? '';
  const local = email.slice(0, email.lastIndexOf('@'));
  const words = [email, encodeURIComponent(email), local, name, ...name.split(/\s+/)].filter(isTelling);
  return strike(
    text,
    words.map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')),
    '<address>',
  );
};
