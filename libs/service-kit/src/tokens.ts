/** Injection token of the settings that every service has. */
export const BASE_CONFIG = Symbol('baton:base-config');
/** Injection token of the pipeline's runtime; undefined in a service without a database. */
export const PIPELINE = Symbol('baton:pipeline');
