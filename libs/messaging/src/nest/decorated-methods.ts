import type { MetadataScanner } from '@nestjs/core';

/** A method that carries a decorator's mark. */
export interface Decorated<Mark> {
  readonly method: (...args: never[]) => unknown;
  readonly mark: Mark;
}

/** The methods of an instance, inherited ones too, that a decorator of ours has marked under this key. */
export const decoratedMethods = <Mark>(scanner: MetadataScanner, instance: object, key: string): Decorated<Mark>[] =>
  scanner.getAllMethodNames(Object.getPrototypeOf(instance) as object).flatMap((name) => {
    const method = (instance as Readonly<Record<string, unknown>>)[name];
    if (typeof method !== 'function') return [];
    const mark = Reflect.getMetadata(key, method) as Mark | undefined;
    return mark === undefined ? [] : [{ method: method as Decorated<Mark>['method'], mark }];
  });
