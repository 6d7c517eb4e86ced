import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A mail as it came over SMTP. */
export interface StoredMail {
  /** Counts up from 1 in the order of arrival. */
  readonly id: number;
  readonly at: string;
  readonly messageId: string;
  readonly recipients: readonly string[];
  /** The message's bytes, one character each (latin1). */
  readonly raw: string;
}

/** How many mails came; a mail with a Message-ID that was seen before is a repeat. */
export interface Counts {
  readonly count: number;
  readonly unique: number;
  readonly repeats: number;
}

/**
 * The mails that came: the last `keep` of them in memory, and all of them as JSON lines in `mails.jsonl`, when there is
 * a folder, so that a restart keeps the count.
 */
export class MailStore {
  private readonly kept: StoredMail[] = [];
  private readonly seen = new Set<string>();
  private count = 0;
  /** Settles when all that was asked for is written or refused; never rejects, so that what comes after is taken. */
  private writing: Promise<unknown> = Promise.resolve();
  /** Length of the file up to the end of its last whole line, bytes. */
  private end = 0;
  private isTorn = false;

  private constructor(
    private readonly keep: number,
    private readonly file: FileHandle | undefined,
  ) {}

  /** @param folder made when it does not exist; nothing is written without one */
  static async open(folder: string | undefined, keep: number): Promise<MailStore> {
    if (folder === undefined) return new MailStore(keep, undefined);
    await mkdir(folder, { recursive: true });
    const path = join(folder, 'mails.jsonl');
    const file = await open(path, 'a');
    const store = new MailStore(keep, file);
    let complete = 0;
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      const mail = parsed(line);
      if (!mail) break;
      store.remember(mail);
      complete += Buffer.byteLength(line) + 1;
    }
    const { size } = await file.stat();
    // What a kill left half written was not acknowledged, so that its sender sends it again.
    if (complete < size) await truncate(path, complete);
    if (complete > size) await file.appendFile('\n');
    store.end = complete;
    return store;
  }

  /** Resolves when the mail is written, and may be acknowledged; rejects when it must not be, and its sender tries again. */
  add(mail: Omit<StoredMail, 'id' | 'at'>): Promise<StoredMail> {
    const added = this.writing.then(async () => {
      const stored = { id: this.count + 1, at: new Date().toISOString(), ...mail };
      await this.append(`${JSON.stringify(stored)}\n`);
      this.remember(stored);
      return stored;
    });
    this.writing = added.catch(() => undefined);
    return added;
  }

  get counts(): Counts {
    return { count: this.count, unique: this.seen.size, repeats: this.count - this.seen.size };
  }

  find(id: number): StoredMail | undefined {
    return this.kept.find((mail) => mail.id === id);
  }

  /** Newest first, older than `before`, with `text` in recipient or Message-ID. */
  list(options: { readonly before?: number | undefined; readonly text?: string | undefined; readonly limit: number }) {
    const { before = Number.POSITIVE_INFINITY, text = '', limit } = options;
    const matches = ({ id, messageId, recipients }: StoredMail): boolean =>
      id < before && (messageId.includes(text) || recipients.some((recipient) => recipient.includes(text)));
    return this.kept.filter(matches).slice(-limit).reverse();
  }

  async close(): Promise<void> {
    await this.writing;
    await this.file?.close();
  }

  /** @throws when the line could not be written, as on a full disk; nothing of it counts then */
  private async append(line: string): Promise<void> {
    const { file } = this;
    if (!file) return;
    // What a failed write left half written would spoil the line after it.
    if (this.isTorn) await file.truncate(this.end);
    this.isTorn = true;
    await file.appendFile(line);
    this.isTorn = false;
    this.end += Buffer.byteLength(line);
  }

  private remember(mail: StoredMail): void {
    this.count = mail.id;
    this.seen.add(mail.messageId);
    this.kept.push(mail);
    if (this.kept.length > this.keep) this.kept.shift();
  }
}

const parsed = (line: string): StoredMail | undefined => {
  try {
    return JSON.parse(line) as StoredMail;
  } catch {
    return undefined;
  }
};

/** The Message-ID that a message's header says; a message without one counts as its own. */
export const messageIdIn = (raw: string): string | undefined => {
  const end = raw.search(/\r?\n\r?\n/);
  const header = (end < 0 ? raw : raw.slice(0, end)).replace(/\r?\n[ \t]+/g, ' ');
  return /^message-id:\s*(<[^>]+>)/im.exec(header)?.[1];
};
