/** Smaller memory is of no account. */
const leastBytes = 16 * 1024;

/**
 * Frees the memory of bytes that nobody uses any more, now: a garbage collector that is not short of memory leaves
 * large pieces lying for long. Nothing happens to bytes that are a part of other memory.
 */
export function freeMemory(bytes: Uint8Array): void {
  const { buffer, byteLength } = bytes;
  if (byteLength < leastBytes || byteLength !== buffer.byteLength) return;
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
