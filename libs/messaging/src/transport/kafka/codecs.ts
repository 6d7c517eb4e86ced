import { promisify } from 'node:util';
import zlib from 'node:zlib';
import kafkajs from 'kafkajs';

const { CompressionCodecs, CompressionTypes } = kafkajs;

/** Most that a batch may be unpacked, bytes: a few kilobytes of a stranger's can stand for more than there is memory. */
const MAX_UNPACKED = 64 * 1024 * 1024;

type Packs = (bytes: Buffer) => Promise<Buffer>;
type Unpacks = (bytes: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>;

const codec = (pack: Packs, unpack: Unpacks) => () => ({
  compress: ({ buffer }: { readonly buffer: Buffer }) => pack(buffer),
  decompress: (bytes: Buffer) => unpack(bytes, { maxOutputLength: MAX_UNPACKED }),
});

/**
 * Has kafkajs read zstd beside gzip, as many producers of others write it, and neither without bounds. Batches that
 * cannot be unpacked come as records that say so (see the patch).
 */
export const useCodecs = (): void => {
  CompressionCodecs[CompressionTypes.GZIP] = codec(promisify(zlib.gzip), promisify(zlib.unzip) as Unpacks);
  CompressionCodecs[CompressionTypes.ZSTD] = codec(
    promisify(zlib.zstdCompress),
    promisify(zlib.zstdDecompress) as Unpacks,
  );
};
