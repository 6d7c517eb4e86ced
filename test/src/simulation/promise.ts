/** A promise of the design that did not hold. */
export class PromiseBroken extends Error {
  override readonly name = 'PromiseBroken';
}

export const must = (holds: boolean, promise: string, detail: unknown = ''): void => {
  if (!holds) throw new PromiseBroken(`${promise} ${typeof detail === 'string' ? detail : JSON.stringify(detail)}`);
};
