import { test, expect } from 'vitest';
test('env', () => { console.log(process.env.BATON_TEST_POSTGRES, process.env.BATON_TEST_KAFKA); expect(process.env.BATON_TEST_KAFKA).toBeTruthy(); });
