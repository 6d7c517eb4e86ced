import { promisify } from 'node:util';
import zlib from 'node:zlib';
import kafkajs from 'kafkajs';

const { CompressionCodecs, CompressionTypes } = kafkajs;
const compress = promisify(zlib.zstdCompress);
const decompress = promisify(zlib.zstdDecompress);

/**
 * Has kafkajs read zstd too, which is what many producers of others write; by itself it knows gzip alone, and a batch
 * that it cannot read ends the reading of all topics.
 */
export const readZstd = (): void => {
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: ({ buffer }: { readonly buffer: Buffer }) => compress(buffer),
    decompress: (bytes: Buffer) => decompress(bytes),
  });
};
