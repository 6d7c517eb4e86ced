import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryTransport } from '@baton/messaging/testing';
import { orders } from '@baton/orders';
import { createDatabases, type Postgres, startPostgres } from '@baton/run';
import { startService } from '@baton/service-kit';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** Starting a cluster twice, on a machine that may be busy. */
const PATIENCE_MS = 240_000;
const DATABASE = 'baton_orders';

let folder: string;
let certificate: string;
let postgres: Postgres;

/** A Postgres with a certificate for the name `localhost`, signed by nobody but itself. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-tls-'));
  const dataDir = join(folder, 'data');
  postgres = await startPostgres({ dataDir });
  await createDatabases(postgres.url('postgres'), [DATABASE]);
  const client = new pg.Client({ connectionString: postgres.url('postgres') });
  await client.connect();
  const { rows } = await client.query<{ path: string }>(`select current_setting('data_directory') as path`);
  await client.end();
  const cluster = rows[0]?.path ?? '';
  await postgres.stop();

  certificate = join(cluster, 'server.crt');
  const key = join(cluster, 'server.key');
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const files = ['-keyout', key, '-out', certificate];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...files], {
    stdio: 'ignore',
  });
  // Postgres wants the key to be its own, and nobody else's.
  const { uid, gid } = statSync(cluster);
  for (const file of [key, certificate]) chownSync(file, uid, gid);
  chmodSync(key, 0o600);
  postgres = await startPostgres({ dataDir, settings: { ssl: 'on' } });
}, PATIENCE_MS);
afterAll(async () => {
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
}, PATIENCE_MS);

/** The address of the database as a managed Postgres gives it. */
const address = (query: string): string => {
  const url = new URL(postgres.url(DATABASE));
  url.hostname = 'localhost';
  url.search = query;
  return url.href;
};
const start = (url: string) =>
  startService(orders, { env: { DATABASE_URL: url, LOG_LEVEL: 'silent' }, transport: new MemoryTransport() });

test('every connection of a service is encrypted when its address asks for TLS', { timeout: PATIENCE_MS }, async () => {
  const rootCertificate = join(folder, 'ca.pem');
  copyFileSync(certificate, rootCertificate);
  const service = await start(address(`sslmode=verify-full&sslrootcert=${encodeURIComponent(rootCertificate)}`));
  try {
    expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
    expect((await fetch(`${service.url}/orders`)).status).toBe(200);
    const admin = new pg.Client({ connectionString: postgres.url('postgres') });
    await admin.connect();
    const { rows } = await admin.query<{ name: string; ssl: boolean }>(
      `select distinct application_name as name, ssl from pg_stat_activity join pg_stat_ssl using (pid)
       where application_name like 'baton-%' order by 1`,
    );
    await admin.end();
    expect(rows).toEqual([
      { name: 'baton-orders', ssl: true },
      { name: 'baton-orders-reads', ssl: true },
    ]);
  } finally {
    await service.stop();
  }
});

test('a certificate that nobody vouches for is refused', { timeout: PATIENCE_MS }, async () => {
  await expect(start(address('sslmode=verify-full'))).rejects.toThrow(/self-signed certificate/);
});
