import { promisify } from 'node:util';
import zlib from 'node:zlib';

const compress = promisify(zlib.zstdCompress);
const decompress = promisify(zlib.zstdDecompress);
/** Level 1: what counts is fewer bytes in the write-ahead log, not the smallest row. */
const options = { params: { [zlib.constants.ZSTD_c_compressionLevel]: 1 } };
/** Bytes below which compressing takes longer than it is worth: an event or two. */
const WORTH_IT = 1_000;
/** Bytes from which on it takes longer than to have another thread do it. */
const WORTH_A_THREAD = 32_000;

/**
 * Many small things as one value of one row: JSON, in a frame of Zstandard, compressed where that is worth it; what is
 * large, by another thread.
 */
export const pack = async (values: readonly unknown[]): Promise<Buffer> => {
  const bytes = Buffer.from(JSON.stringify(values));
  if (bytes.length < WORTH_IT) return stored(bytes);
  return bytes.length < WORTH_A_THREAD ? zlib.zstdCompressSync(bytes, options) : compress(bytes, options);
};

export const unpack = async <T>(bytes: Buffer): Promise<readonly T[]> =>
  JSON.parse((await decompress(bytes)).toString('utf8')) as readonly T[];

const MAGIC = 0xfd2fb528;
/** One segment, whose size stands in the next two bytes, less 256; or in the next one. */
const [TWO_BYTES, ONE_BYTE] = [0x60, 0x20];
/** In a block's header: it is the last; its kind, in the two bits above, is 0: as it is. */
const LAST_BLOCK = 1;

/** A frame of Zstandard (RFC 8878) that holds the bytes as they are, so that one way reads both. */
const stored = (bytes: Buffer): Buffer => {
  const size = bytes.length;
  const isShort = size < 256;
  const header = Buffer.alloc(isShort ? 9 : 10);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt8(isShort ? ONE_BYTE : TWO_BYTES, 4);
  if (isShort) header.writeUInt8(size, 5);
  else header.writeUInt16LE(size - 256, 5);
  header.writeUIntLE((size << 3) | LAST_BLOCK, isShort ? 6 : 7, 3);
  return Buffer.concat([header, bytes]);
};
