import { execFile, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Log } from './processes-identity.js';

/** What a broker can be run with: a Java and a folder of jars, or a container engine and an image. */
export type KafkaRuntime =
  | { readonly kind: 'java'; readonly java: string; readonly jars: string }
  | { readonly kind: 'docker'; readonly image: string };

/** infra/kafka, seen from this file both in src and in dist. */
export const KAFKA_FOLDER = fileURLToPath(new URL('../../kafka', import.meta.url));

const OLDEST_JAVA = 17; // Kafka 4's brokers need it
const IMAGE = 'apache/kafka:4.1.0';
const DEBIAN_PACKAGES = ['default-jre-headless', 'maven'] as const; // Java 17 in Debian 12, 21 in Debian 13

/**
 * Finds what to run Kafka with: Java with jars that Maven has fetched or fetches now, else Docker, else, as root on
 * Debian, Java and Maven installed on the spot. Throws an error that names the choices when there is none.
 */
export async function kafkaRuntime(log: Log): Promise<KafkaRuntime> {
  const wanted = process.env['BATON_KAFKA_RUNTIME']; // java or docker, to insist on one
  if (wanted !== 'docker') {
    const found = await javaRuntime(log);
    if (found !== undefined) return found;
  }
  if (wanted !== 'java' && dockerAnswers()) return { kind: 'docker', image: IMAGE };
  if (wanted !== 'docker' && canInstall()) {
    log(
      `Kafka needs Java and Maven, and neither they nor Docker are here: installing ${DEBIAN_PACKAGES.join(' and ')} with apt-get`,
    );
    await execute('apt-get', ['update', '-q']);
    await execute('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...DEBIAN_PACKAGES]);
    const found = await javaRuntime(log);
    if (found !== undefined) return found;
  }
  throw new Error(
    `Kafka needs Java ${OLDEST_JAVA} or later with Maven, or a running Docker, and neither was found. ` +
      'Install Java and Maven, or start Docker, or name a broker of yours in KAFKA_BROKERS.',
  );
}

async function javaRuntime(log: Log): Promise<KafkaRuntime | undefined> {
  const java = findJava();
  const jars = jarFolder();
  if (java === undefined) return undefined;
  if (!existsSync(jars)) {
    if (!works('mvn', ['-v'])) return undefined;
    log('fetching Apache Kafka with Maven (43 MB, once)');
    await fetchJars(jars);
  }
  return { kind: 'java', java, jars };
}

function findJava(): string | undefined {
  const home = process.env['JAVA_HOME'];
  const candidates = [...(home === undefined ? [] : [join(home, 'bin', 'java')]), 'java'];
  return candidates.find((java) => {
    try {
      // `-version` speaks on stderr, `--version` (since Java 9) on stdout: "openjdk 17.0.15 2025-04-15".
      const said = execFileSync(java, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      return Number(/^\S+ (\d+)/.exec(said)?.[1]) >= OLDEST_JAVA;
    } catch {
      return false;
    }
  });
}

/** Where the jars of this pom lie, for all clones of this user: another pom gets another folder. */
function jarFolder(): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const version = createHash('sha256')
    .update(readFileSync(join(KAFKA_FOLDER, 'pom.xml')))
    .digest('hex')
    .slice(0, 12);
  return join(cache, 'baton', `kafka-${version}`);
}

async function fetchJars(jars: string): Promise<void> {
  const unfinished = `${jars}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    await execute('mvn', [
      '-q',
      '-B',
      '-f',
      join(KAFKA_FOLDER, 'pom.xml'),
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${unfinished}`,
    ]);
    if (!readdirSync(unfinished).some((name) => name.startsWith('kafka_'))) throw new Error('Maven fetched no Kafka.');
    renameSync(unfinished, jars);
  } catch (error) {
    // Two that fetch at once: the first one's folder serves both.
    if (!existsSync(jars)) throw error;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

function dockerAnswers(): boolean {
  return works('docker', ['info', '--format', '{{.ServerVersion}}']);
}

function canInstall(): boolean {
  return (
    process.platform === 'linux' &&
    process.getuid?.() === 0 &&
    existsSync('/etc/debian_version') &&
    works('apt-get', ['--version'])
  );
}

function works(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore', timeout: 20_000, shell: process.platform === 'win32' });
    return true;
  } catch {
    return false;
  }
}

/** Runs a program to its end. Throws with what it said when it fails. */
export async function execute(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const options = { env, maxBuffer: 64 << 20, shell: process.platform === 'win32' && program === 'mvn' };
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${program} ${args[0] ?? ''} failed:\n${`${stdout}\n${stderr}`.trim().slice(-2_000)}`));
    });
  });
}

/** Removes a container by force, and the volumes without a name that it had; does nothing when there is none. */
export async function removeContainer(name: string): Promise<void> {
  await execute('docker', ['rm', '-f', '-v', name]).catch(() => '');
}

/** Sends a stop to a container without waiting for it. */
export function signalContainer(name: string, signal: NodeJS.Signals): void {
  spawn('docker', ['kill', `--signal=${signal}`, name], { stdio: 'ignore' }).on('error', () => {});
}
