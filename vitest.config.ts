import { defineConfig } from 'vitest/config';

// One run for the whole repository. BATON_TEST_SERVICES=0 skips the Postgres and the Kafka that tests share.
export default defineConfig({
  test: {
    include: ['**/src/**/*.test.{ts,tsx}'],
    globalSetup: ['infra/run/src/test-services.ts'],
    pool: 'forks',
    // Real servers on a machine that may be busy: a deadline must only catch what hangs.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    teardownTimeout: 60_000,
  },
});
