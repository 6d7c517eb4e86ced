import { promisify } from 'node:util';
import zlib from 'node:zlib';

const decompress = promisify(zlib.zstdDecompress);
/** Level 1: what counts is fewer bytes in the write-ahead log, not the smallest row. */
const options = { params: { [zlib.constants.ZSTD_c_compressionLevel]: 1 } };

/** Many small things as one value of one row: JSON, compressed. */
export const pack = (values: readonly unknown[]): Buffer => zlib.zstdCompressSync(JSON.stringify(values), options);

export const unpack = async <T>(bytes: Buffer): Promise<readonly T[]> =>
  JSON.parse((await decompress(bytes)).toString('utf8')) as readonly T[];
