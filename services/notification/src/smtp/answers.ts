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

/** True when the server refused this mail for good (RFC 5321, 5yz), so that another try would end the same way. */
export const isRefusal = ({ responseCode = 0, command = '' }: SmtpError): boolean =>
  responseCode >= 500 && responseCode < 600 && aboutTheMail.has(command);

/** A server's words without the addresses in them, which go into no log and no event; at most 500 characters. */
export const withoutAddresses = (text: string): string =>
  text
    .replace(/<?[^\s<>"]+@[^\s<>"]+>?/g, '<address>')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .toWellFormed()
    .slice(0, 500)
    .toWellFormed() || 'no words';
