/** Scripts in which a whole name has two letters, and words stand without spaces between them. */
const DENSE = /^[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]/u;

/** True for a word that is long enough to be struck wherever it stands, also within another: a shorter one hits too much. */
export const isTelling = (word: string): boolean => word.length >= (DENSE.test(word) ? 2 : 3);

/**
 * Words of others without what names a person, in whatever case and form (NFC) they have it.
 * @param patterns sources of regular expressions, in NFC; with none, the words stay as they are
 * @param mark what stands in the place of each
 */
export const strike = (words: string, patterns: readonly string[], mark: string): string =>
  patterns.length === 0 ? words : words.normalize('NFC').replace(new RegExp(patterns.join('|'), 'giu'), mark);
