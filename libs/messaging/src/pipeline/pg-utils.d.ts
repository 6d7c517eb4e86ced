/** How pg turns a parameter into what is sent; its types leave it out. */
declare module 'pg/lib/utils.js' {
  export const prepareValue: (value: unknown) => Buffer | string | null;
}
